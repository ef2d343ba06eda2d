import { fromHex, type SignatureAlgorithm, type UnixMs } from '../std/index.ts';
import { derContext, derElement, derSequence, derTag, derTime, derUnsigned } from '../codec/index.ts';
import { encodeAlgorithm } from './algorithm.ts';

/** What a v3 TBSCertificate is made of. Nothing is checked here: profiles and lints decide what is signed. */
export interface TbsFields {
  /** Content bytes of the serialNumber INTEGER, lower-case hexadecimal; minimal. */
  readonly serialHex: string;
  /** Algorithm of the issuer's key. */
  readonly algorithm: SignatureAlgorithm;
  /** DER Name. */
  readonly issuer: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** DER Name. */
  readonly subject: Uint8Array;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** DER of each Extension, in the order in which they are written. */
  readonly extensions: readonly Uint8Array[];
}

const VERSION_3 = derContext(0, derUnsigned(2));

/** DER TBSCertificate. Times are rounded down to seconds. Source: RFC 5280 §4.1. */
export function encodeTbsCertificate(fields: TbsFields): Uint8Array {
  return derSequence(
    VERSION_3,
    encodeSerial(fields.serialHex),
    encodeAlgorithm(fields.algorithm),
    fields.issuer,
    derSequence(derTime(fields.notBefore), derTime(fields.notAfter)),
    fields.subject,
    fields.spki,
    ...(fields.extensions.length === 0 ? [] : [derContext(3, derSequence(...fields.extensions))]),
  );
}

function encodeSerial(serialHex: string): Uint8Array {
  const content = fromHex(serialHex);
  if (content === undefined || content.length === 0)
    throw new RangeError(`not a serial number: ${serialHex}`);
  return derElement(derTag.integer, content);
}
