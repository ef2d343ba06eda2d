import type { SerialNumber, SignatureAlgorithm, UnixMs } from '../std/index.ts';
import type { CertificateExtensions } from './extensions.ts';
import type { DistinguishedName } from './name.ts';
import type { SignedObject } from './signed.ts';

/**
 * A certificate that is well-formed DER after RFC 5280 §4.1. Parsed means nothing more: nobody has looked at
 * its signature, dates, constraints or status yet.
 */
export interface Certificate extends SignedObject {
  readonly der: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** Content bytes of the serialNumber INTEGER (1 to 20, sign byte included), lower-case hexadecimal. */
  readonly serialHex: string;
  /** The serial when it has lifesign's form (16 bytes, positive), else undefined. */
  readonly serial: SerialNumber | undefined;
  /** DER of the Name. */
  readonly issuer: Uint8Array;
  readonly issuerName: DistinguishedName;
  /** DER of the Name. */
  readonly subject: Uint8Array;
  readonly subjectName: DistinguishedName;
  readonly notBefore: UnixMs;
  /** The last millisecond-free second in which the certificate is valid (inclusive, RFC 5280 §4.1.2.5). */
  readonly notAfter: UnixMs;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** The algorithm the subject's key signs with; null for keys that lifesign does not use. */
  readonly keyAlgorithm: SignatureAlgorithm | null;
  readonly extensions: CertificateExtensions;
}
