/** Object identifiers by the names their standards give them. Sources: RFC 5280 appendix A, RFC 2985, RFC 5480, RFC 8410. */
export const oids = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  countryName: '2.5.4.6',
  organizationName: '2.5.4.10',
  organizationalUnitName: '2.5.4.11',

  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',

  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  /** id-ad-ocsp, the access method of an OCSP responder. Source: RFC 5280 §4.2.2.1. */
  ocspAccess: '1.3.6.1.5.5.7.48.1',
  /** Sources: RFC 6960 §4.2.1, §4.2.2.2.1, RFC 9654 §2.1. */
  ocspBasicResponse: '1.3.6.1.5.5.7.48.1.1',
  ocspNonce: '1.3.6.1.5.5.7.48.1.2',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',

  challengePassword: '1.2.840.113549.1.9.7',
  extensionRequest: '1.2.840.113549.1.9.14',

  /** A CRL's release records, in the placeholder arc of {@link keyPurposes}. */
  lifesignReleases: '1.3.6.1.4.1.60000.2.1',
} as const;

/** KeyPurposeIds. Source: RFC 5280 §4.2.1.12. */
export const keyPurposes = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  /**
   * id-lifesign-operator: the holder may administer the CA and never counts as a mesh peer. The arc is a
   * placeholder until the project has a private enterprise number; it is named in this file and nowhere else.
   */
  lifesignOperator: '1.3.6.1.4.1.60000.1.1',
} as const;

export type KeyPurpose = keyof typeof keyPurposes;
