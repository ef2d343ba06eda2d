import { derOid, derSequence, derSetOf } from '../codec/index.ts';

/** Source: RFC 5480 §2.1.1, RFC 5758 §3.2. */
const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const PRIME256V1 = '1.2.840.10045.3.1.7';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/** What a request should be made with: a P-256 key, ECDSA with SHA-256. Source: RFC 7030 §4.5.2. */
export function encodeCsrAttributes(): Uint8Array {
  const key = derSequence(derOid(EC_PUBLIC_KEY), derSetOf(derOid(PRIME256V1)));
  return derSequence(key, derOid(ECDSA_WITH_SHA256));
}
