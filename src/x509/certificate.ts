import {
  ok,
  serialNumberOf,
  toHex,
  type Fault,
  type Result,
  type SerialNumber,
  type SignatureAlgorithm,
  type UnixMs,
} from '../std/index.ts';
import { contextConstructed, contextPrimitive, readDer, type DerReader } from '../codec/index.ts';
import { readAlgorithm } from './algorithm.ts';
import { MAX_SERIAL_BYTES } from './extension-values.ts';
import type { CertificateExtensions } from './extensions.ts';
import { noCertificateExtensions, readCertificateExtensions } from './extensions-read.ts';
import { readName, type DistinguishedName } from './name.ts';
import { readPublicKey } from './public-key.ts';
import { readSigned, type SignedObject } from './signed.ts';

/** Longest certificate that is read. */
export const MAX_CERTIFICATE_BYTES = 16 * 1024;

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
  /** The last second in which the certificate is valid (inclusive, RFC 5280 §4.1.2.5). */
  readonly notAfter: UnixMs;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** The algorithm the subject's key signs with; null for keys that lifesign does not use. */
  readonly keyAlgorithm: SignatureAlgorithm | null;
  readonly extensions: CertificateExtensions;
}

/**
 * Parses a DER certificate of at most {@link MAX_CERTIFICATE_BYTES}, strictly. The bytes are copied.
 * Errors: LS_DER_*, LS_X509_VERSION, LS_X509_ALGORITHM_MISMATCH, LS_X509_EXTENSION,
 * LS_X509_DUPLICATE_EXTENSION, LS_X509_GENERAL_NAME.
 * Source: RFC 5280 §4.1 and §4.2.
 */
export function parseCertificate(der: Uint8Array): Result<Certificate, Fault> {
  const kept = new Uint8Array(der.subarray(0, MAX_CERTIFICATE_BYTES + 1));
  const parsed = readDer('certificate', kept, MAX_CERTIFICATE_BYTES, (reader) => readSigned(reader, readTbs));
  return parsed.ok ? ok({ der: kept, ...parsed.value }) : parsed;
}

function readTbs(reader: DerReader) {
  const version = readVersion(reader);
  const serial = reader.integerBytes(MAX_SERIAL_BYTES);
  const algorithm = readAlgorithm(reader);
  const issuerName = readName(reader);
  const validity = reader.sequence((body) => ({ notBefore: body.time(), notAfter: body.time() }));
  const subjectName = readName(reader);
  const key = readPublicKey(reader);
  if (version > 1) {
    reader.optional(contextPrimitive(1), (r) => r.any());
    reader.optional(contextPrimitive(2), (r) => r.any());
  }
  const extensions =
    version === 3
      ? reader.optional(contextConstructed(3), (r) => r.context(3, readCertificateExtensions))
      : undefined;
  const value = {
    version,
    serialHex: toHex(serial),
    serial: (serial[0] ?? 0x80) < 0x80 ? serialNumberOf(serial) : undefined,
    issuer: issuerName.der,
    issuerName,
    ...validity,
    subject: subjectName.der,
    subjectName,
    ...key,
    extensions: extensions ?? noCertificateExtensions,
  };
  return { algorithm, value };
}

/** DEFAULT v1 is absent in DER. Source: RFC 5280 §4.1.2.1. */
function readVersion(reader: DerReader): 1 | 2 | 3 {
  const encoded = reader.optional(contextConstructed(0), (r) => r.context(0, (body) => body.unsigned(255)));
  if (encoded === undefined) return 1;
  if (encoded === 1) return 2;
  if (encoded === 2) return 3;
  throw reader.refusal('LS_X509_VERSION', `version field ${encoded}`);
}
