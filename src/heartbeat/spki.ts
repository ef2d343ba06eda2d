import { equalBytes, fromHex } from '../std/index.ts';
import type { SignatureAlgorithm } from '../std/index.ts';

/** What precedes the 64 bytes of an uncompressed P-256 point. Source: RFC 5480 §2. */
const P256_PREFIX = fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004') ?? new Uint8Array();
const P256_POINT_BYTES = 64;
/** What precedes the 32 bytes of an Ed25519 key. Source: RFC 8410 §4. */
const ED25519_PREFIX = fromHex('302a300506032b6570032100') ?? new Uint8Array();
const ED25519_KEY_BYTES = 32;

/**
 * The one algorithm a record key has, read off its SubjectPublicKeyInfo; undefined for any other kind of key and for
 * every encoding but the usual DER one. Whether the point is on its curve is for the crypto port to say.
 */
export function recordAlgorithmOf(spki: Uint8Array): SignatureAlgorithm | undefined {
  if (hasForm(spki, P256_PREFIX, P256_POINT_BYTES)) return 'ES256';
  return hasForm(spki, ED25519_PREFIX, ED25519_KEY_BYTES) ? 'Ed25519' : undefined;
}

function hasForm(spki: Uint8Array, prefix: Uint8Array, keyBytes: number): boolean {
  return spki.length === prefix.length + keyBytes && equalBytes(spki.subarray(0, prefix.length), prefix);
}
