import { err, ok } from '../std/index.ts';
import type { Fault, Result } from '../std/index.ts';
import { decodeSign1, encodeSign1, tagSign1 } from '../codec/index.ts';

/** A record as it stands in exported files: with CBOR tag 18, which stock COSE tools expect. */
export function exportRecord(bytes: Uint8Array): Uint8Array {
  return tagSign1(bytes);
}

/**
 * The untagged record of an exported file, `maxBytes` without the tag. Its type's decoder is still to be applied.
 * Errors: LS_CBOR_*, LS_COSE_*.
 */
export function importRecord(file: Uint8Array, maxBytes: number): Result<Uint8Array, Fault> {
  const sign1 = decodeSign1(file, maxBytes, { tagged: true });
  return sign1.ok ? ok(encodeSign1(sign1.value)) : err(sign1.error);
}
