import { derOctetString, derSequence, type DerReader } from '../../codec/index.ts';
import { readEach } from '../extensions-read.ts';
import { encodeExtension } from '../extensions-write.ts';
import { oids } from '../oids.ts';
import { MAX_OCSP_NONCE_BYTES } from './limits.ts';

/**
 * The nonce among the extensions of a whole request or response; others are passed over unless critical.
 * Errors: LS_OCSP_NONCE_LENGTH, LS_OCSP_CRITICAL_EXTENSION, LS_X509_DUPLICATE_EXTENSION, LS_DER_*.
 * Source: RFC 6960 §4.4, RFC 9654 §2.1.
 */
export function readNonce(reader: DerReader): Uint8Array | undefined {
  let nonce: Uint8Array | undefined;
  readEach(reader, (open) => {
    if (open.oid === oids.ocspNonce) nonce = open.parsed(readNonceValue).value;
    else if (open.opaque().critical) throw unknownCritical(reader, open.oid);
  });
  return nonce;
}

/** Extensions about one certificate, none of which lifesign knows. Errors: LS_OCSP_CRITICAL_EXTENSION, LS_DER_*. */
export function readNothing(reader: DerReader): void {
  readEach(reader, (open) => {
    if (open.opaque().critical) throw unknownCritical(reader, open.oid);
  });
}

/** Extensions that hold a nonce alone. */
export function encodeNonce(nonce: Uint8Array): Uint8Array {
  return derSequence(encodeExtension(oids.ocspNonce, false, derOctetString(nonce)));
}

function readNonceValue(reader: DerReader): Uint8Array {
  const nonce = reader.octetString();
  if (nonce.length > 0 && nonce.length <= MAX_OCSP_NONCE_BYTES) return nonce;
  throw reader.refusal('LS_OCSP_NONCE_LENGTH', `nonce of ${nonce.length} bytes`);
}

function unknownCritical(reader: DerReader, oid: string): Error {
  return reader.refusal('LS_OCSP_CRITICAL_EXTENSION', `unknown critical extension ${oid}`);
}
