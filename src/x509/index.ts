export { encodeAlgorithm, type AlgorithmIdentifier } from './algorithm.ts';
export { MAX_CERTIFICATE_BYTES, parseCertificate, type Certificate } from './certificate.ts';
export { encodeCsrAttributes } from './csr-attributes.ts';
export { certsOnly } from './pkcs7.ts';
export { encodeTbsCertificate, type TbsFields } from './certificate-write.ts';
export {
  entryBytesOf,
  MAX_CRL_BYTES,
  parseCrl,
  parseCrlHeading,
  parseSurveyedCrl,
  surveyCrl,
  type CertificateList,
} from './crl.ts';
export { MAX_CRL_ENTRIES, type CrlEntries, type EntrySurvey } from './crl-entries.ts';
export { codeOfReason, isCrlReason, reasonOfCode, type CrlEntry, type CrlReason } from './crl-entry.ts';
export { signCrl, type CrlFields } from './crl-write.ts';
export { MAX_CSR_BYTES, parseCsr, verifyCsr, type CertificationRequest, type ProvenCsr } from './csr.ts';
export { signCsr, type CsrFields } from './csr-write.ts';
export type { DistributionPoint, IssuingDistributionPoint } from './distribution-point.ts';
export { MAX_RELEASE_BYTES, MAX_RELEASES } from './extension-values.ts';
export type {
  AccessDescription,
  AuthorityKeyId,
  BasicConstraints,
  CertificateExtensions,
  CrlExtensions,
  Extension,
  KeyUsage,
  NameConstraints,
  OpaqueExtension,
} from './extensions.ts';
export {
  authorityKeyIdExtension,
  basicConstraintsExtension,
  crlDistributionPointsExtension,
  encodeExtension,
  extendedKeyUsageExtension,
  freshestCrlExtension,
  keyUsageExtension,
  nameConstraintsExtension,
  ocspAccessExtension,
  ocspNoCheckExtension,
  subjectAltNameExtension,
  subjectKeyIdExtension,
} from './extensions-write.ts';
export { encodeGeneralName, type GeneralName, type NameConstraintBase } from './general-name.ts';
export {
  certIdOfCertificate,
  commonNameOf,
  nodeIdOfCertificate,
  spiffeIdOf,
  subjectSerialNumberOf,
} from './identity.ts';
export { formatIp, parseIp } from './ip.ts';
export { attributeTexts, type DistinguishedName, type NameAttribute, type NameStringType } from './name.ts';
export { encodeName, type NameFields } from './name-write.ts';
export { keyPurposes, oids, type KeyPurpose } from './oids.ts';
export {
  checkCriticalExtensions,
  checkIsCa,
  checkMaySignCertificates,
  checkMaySignCrls,
  checkValidityAt,
  hostLabels,
  MAX_NAME_COMPARISONS,
  MAX_PATH_CERTIFICATES,
  MAX_SIGNATURE_CHECKS,
  pointsAt,
  usesAlgorithmOf,
  validatePath,
  WorkBudget,
  type PathInput,
  type ValidatedPath,
  type WorkLimits,
} from './path/index.ts';
export * from './ocsp/index.ts';
export { KEY_ID_BYTES, keyIdOf, publicKeyBits, subjectKeyOf, type SubjectKey } from './public-key.ts';
export { signObject, verifySigned, type SignedObject } from './signed.ts';
export { isTrustDomain, parseSpiffeId, spiffeUri, type SpiffeId } from './spiffe.ts';
export { buildTbs } from './issuance/build-tbs.ts';
export { issue, prepare, type IssuanceToken } from './issuance/issue.ts';
export {
  issuerOf,
  validityOf,
  type Grant,
  type IssuanceRequest,
  type Issuer,
  type Validity,
} from './issuance/request.ts';
export { lintCertificate, type LintFinding } from './lints/index.ts';
export { parseProfile } from './profiles/parse.ts';
export type {
  AuthorityProfile,
  EndEntityProfile,
  HostPolicy,
  Profile,
  SubjectAttribute,
} from './profiles/profile.ts';
