import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';
import type { CryptoPort, SignatureAlgorithm, Signer } from '../../src/std/index.ts';

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P384_ORDER =
  0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;

/** A plain CryptoPort over node:crypto for tests, independent of src/io. Keys are imported once and kept. */
export const testCrypto: CryptoPort = {
  sha256(...parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  },
  sha1(message) {
    return new Uint8Array(createHash('sha1').update(message).digest());
  },
  hmacSha256(key, message) {
    return new Uint8Array(createHmac('sha256', key).update(message).digest());
  },
  equalSecrets(a, b) {
    return a.length === b.length && timingSafeEqual(a, b);
  },
  verify(algorithm, spki, message, signature) {
    const key = publicKeyOf(spki);
    if (key === undefined || algorithmOfKey(key) !== algorithm) return false;
    return algorithm === 'Ed25519'
      ? verify(null, message, key, signature)
      : verify(hashOf(algorithm), message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  },
};

/** A fresh key pair as a Signer; ECDSA signatures have low s, as the port demands. Default ES256. */
export function testKey(algorithm: SignatureAlgorithm = 'ES256'): TestKey {
  const { publicKey, privateKey } = generate(algorithm);
  return {
    algorithm,
    spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    privateKey,
    sign(message) {
      if (algorithm === 'Ed25519') return new Uint8Array(sign(null, message, privateKey));
      const raw = sign(hashOf(algorithm), message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return lowS(new Uint8Array(raw), algorithm === 'ES256' ? P256_ORDER : P384_ORDER);
    },
  };
}

/** A Signer that also shows its private key, for tests that hand it to TLS or to openssl. */
export interface TestKey extends Signer {
  readonly privateKey: KeyObject;
}

/** The same r‖s with s in the upper half of the order: still valid ECDSA, refused by strict decoders. */
export function withHighS(signature: Uint8Array, algorithm: 'ES256' | 'ES384' = 'ES256'): Uint8Array {
  const order = algorithm === 'ES256' ? P256_ORDER : P384_ORDER;
  const s = halfOf(signature);
  return s > order / 2n ? signature : replaceS(signature, order - s);
}

function lowS(signature: Uint8Array, order: bigint): Uint8Array {
  const s = halfOf(signature);
  return s > order / 2n ? replaceS(signature, order - s) : signature;
}

function halfOf(signature: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(signature.subarray(signature.length / 2)).toString('hex')}`);
}

function replaceS(signature: Uint8Array, s: bigint): Uint8Array {
  const half = signature.length / 2;
  const replaced = new Uint8Array(signature);
  replaced.set(Buffer.from(s.toString(16).padStart(2 * half, '0'), 'hex'), half);
  return replaced;
}

function generate(algorithm: SignatureAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (algorithm) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    case 'ES384':
      return generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    case 'Ed25519':
      return generateKeyPairSync('ed25519');
  }
}

const hashOf = (algorithm: 'ES256' | 'ES384'): string => (algorithm === 'ES256' ? 'sha256' : 'sha384');

const importedKeys = new Map<string, KeyObject | undefined>();
const MAX_IMPORTED_KEYS = 4096;

function publicKeyOf(spki: Uint8Array): KeyObject | undefined {
  const id = Buffer.from(spki).toString('base64');
  if (importedKeys.has(id)) return importedKeys.get(id);
  if (importedKeys.size >= MAX_IMPORTED_KEYS) importedKeys.clear();
  let key: KeyObject | undefined;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    key = undefined;
  }
  importedKeys.set(id, key);
  return key;
}

function algorithmOfKey(key: KeyObject): SignatureAlgorithm | undefined {
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  if (key.asymmetricKeyType !== 'ec') return undefined;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return curve === 'prime256v1' ? 'ES256' : curve === 'secp384r1' ? 'ES384' : undefined;
}
