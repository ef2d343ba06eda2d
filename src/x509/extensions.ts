import type { DistributionPoint, IssuingDistributionPoint } from './distribution-point.ts';
import type { GeneralName, NameConstraintBase } from './general-name.ts';

/** A parsed extension: what it says and whether its issuer marked it critical. Source: RFC 5280 §4.2. */
export interface Extension<V> {
  readonly critical: boolean;
  readonly value: V;
}

/** An extension that is kept but not interpreted. */
export interface OpaqueExtension {
  readonly oid: string;
  readonly critical: boolean;
  /** Content of extnValue: the DER of the extension's own type, not checked. */
  readonly der: Uint8Array;
}

/** Source: RFC 5280 §4.2.1.9. */
export interface BasicConstraints {
  readonly ca: boolean;
  /** Number of intermediates that may follow; undefined when there is no limit. */
  readonly pathLen: number | undefined;
}

/** Source: RFC 5280 §4.2.1.3, bit names in bit order. */
export type KeyUsage =
  | 'digitalSignature'
  | 'contentCommitment'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly';

/** Source: RFC 5280 §4.2.1.1. */
export interface AuthorityKeyId {
  readonly keyId: Uint8Array | undefined;
  readonly issuer: readonly GeneralName[] | undefined;
  /** Content bytes of the serialNumber, lower-case hexadecimal. */
  readonly serialHex: string | undefined;
}

/** Source: RFC 5280 §4.2.2.1. */
export interface AccessDescription {
  /** accessMethod, dotted. */
  readonly method: string;
  readonly location: GeneralName;
}

/** Source: RFC 5280 §4.2.1.10. `minimum` is always 0 and `maximum` always absent: anything else is refused at parsing. */
export interface NameConstraints {
  readonly permitted: readonly NameConstraintBase[];
  readonly excluded: readonly NameConstraintBase[];
}

/**
 * The extensions of a certificate, or those asked for by a CSR. Every extension present is in exactly one
 * field; the same OID twice is refused at parsing. A relying party must refuse a certificate with a critical
 * member of `unknown`, and one with a critical member of `policy` unless it processes policies.
 */
export interface CertificateExtensions {
  readonly basicConstraints: Extension<BasicConstraints> | undefined;
  readonly keyUsage: Extension<ReadonlySet<KeyUsage>> | undefined;
  /** KeyPurposeIds, dotted, in the order of the DER. */
  readonly extendedKeyUsage: Extension<readonly string[]> | undefined;
  readonly subjectAltName: Extension<readonly GeneralName[]> | undefined;
  readonly issuerAltName: Extension<readonly GeneralName[]> | undefined;
  readonly nameConstraints: Extension<NameConstraints> | undefined;
  readonly subjectKeyId: Extension<Uint8Array> | undefined;
  readonly authorityKeyId: Extension<AuthorityKeyId> | undefined;
  readonly crlDistributionPoints: Extension<readonly DistributionPoint[]> | undefined;
  readonly freshestCrl: Extension<readonly DistributionPoint[]> | undefined;
  readonly authorityInfoAccess: Extension<readonly AccessDescription[]> | undefined;
  /** id-pkix-ocsp-nocheck: the responder's certificate is not asked about. Source: RFC 6960 §4.2.2.2.1. */
  readonly ocspNoCheck: Extension<true> | undefined;
  /** certificatePolicies, policyMappings, policyConstraints, inhibitAnyPolicy: known, not interpreted. */
  readonly policy: readonly OpaqueExtension[];
  /** Every other extension. */
  readonly unknown: readonly OpaqueExtension[];
}

/** The extensions of a CRL. A relying party must refuse a CRL whose `unknown` has a critical member. */
export interface CrlExtensions {
  readonly authorityKeyId: Extension<AuthorityKeyId> | undefined;
  readonly issuerAltName: Extension<readonly GeneralName[]> | undefined;
  /** 0 to Number.MAX_SAFE_INTEGER. */
  readonly crlNumber: Extension<number> | undefined;
  /** BaseCRLNumber; present exactly on delta CRLs. */
  readonly deltaCrlIndicator: Extension<number> | undefined;
  readonly issuingDistributionPoint: Extension<IssuingDistributionPoint> | undefined;
  readonly freshestCrl: Extension<readonly DistributionPoint[]> | undefined;
  /** Release records of lifesign, each a COSE_Sign1 that is not looked into here; never critical. */
  readonly releases: Extension<readonly Uint8Array[]> | undefined;
  readonly unknown: readonly OpaqueExtension[];
}
