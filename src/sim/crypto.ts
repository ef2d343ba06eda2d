import {
  concatBytes,
  equalBytes,
  toHex,
  utf8,
  type CryptoPort,
  type SignatureAlgorithm,
  type Signer,
} from '../std/index.ts';

/** Hashes, verification and fresh keys of one simulated world. */
export interface SimCrypto {
  readonly port: CryptoPort;
  newKey(): Signer;
}

const ALGORITHM: SignatureAlgorithm = 'ES256';
/** DER SubjectPublicKeyInfo of a P-256 key up to the coordinates. Source: RFC 5480 §2. */
const SPKI_HEAD = Uint8Array.from([
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
  0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
]);
const NAME_BYTES = 8;

interface HeldKey {
  readonly spki: Uint8Array;
  readonly secret: Uint8Array;
}

/**
 * Stands in for ES256 where real signatures would cost too much: a signature is a hash under a secret of the key, and
 * the port, which knows all secrets, makes it again to verify it. Another key or other bytes do not verify, exactly as
 * with ECDSA; sizes and encodings are the same. It proves nothing outside the process that made it.
 *
 * `hashes` gives the real hashes; `seed` names the keys.
 */
export function keyedHashCrypto(hashes: CryptoPort, seed: number): SimCrypto {
  const keys = new Map<string, HeldKey>();
  let made = 0;
  const sign = (secret: Uint8Array, message: Uint8Array): Uint8Array =>
    signatureOf(hashes.sha256(secret, message));
  return {
    port: {
      ...hashes,
      verify(algorithm, spki, message, signature) {
        const key = keys.get(nameOf(spki));
        if (algorithm !== ALGORITHM || key === undefined || !equalBytes(key.spki, spki)) return false;
        return equalBytes(sign(key.secret, message), signature);
      },
    },
    newKey() {
      const secret = hashes.sha256(utf8(`simulated key ${seed}/${made++}`));
      const spki = concatBytes(SPKI_HEAD, hashes.sha256(secret, utf8('x')), hashes.sha256(secret, utf8('y')));
      keys.set(nameOf(spki), { spki, secret });
      return { algorithm: ALGORITHM, spki, sign: (message) => sign(secret, message) };
    },
  };
}

/** Both halves below half of the order, as a strict decoder demands. */
function signatureOf(hash: Uint8Array): Uint8Array {
  const signature = concatBytes(hash, hash);
  for (const half of [0, hash.length]) signature[half] = ((signature[half] ?? 0) & 0x3f) | 0x20;
  return signature;
}

function nameOf(spki: Uint8Array): string {
  return toHex(spki.subarray(SPKI_HEAD.length, SPKI_HEAD.length + NAME_BYTES));
}
