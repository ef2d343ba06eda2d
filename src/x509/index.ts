export type { AlgorithmIdentifier } from './algorithm.ts';
export type { Certificate } from './certificate.ts';
export type { CertificateList, CrlEntries } from './crl.ts';
export type { CertificationRequest, ProvenCsr } from './csr.ts';
export type {
  AuthorityKeyId,
  BasicConstraints,
  CertificateExtensions,
  CrlEntry,
  CrlExtensions,
  CrlReason,
  DistributionPoint,
  Extension,
  IssuingDistributionPoint,
  KeyUsage,
  NameConstraints,
  OpaqueExtension,
} from './extensions.ts';
export type { GeneralName, NameConstraintBase } from './general-name.ts';
export type { DistinguishedName, NameAttribute, NameStringType } from './name.ts';
export type { SignedObject } from './signed.ts';
