import { createECDH, createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Signer } from '../../src/std/index.ts';
import { isLowS } from '../../src/codec/index.ts';

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ED25519_PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Keys anybody can derive again from a label: for golden vectors, worth nothing as secrets. */
export function fixedKey(algorithm: 'ES256' | 'Ed25519', label: string): Signer {
  const seed = createHash('sha256').update(`lifesign test key ${algorithm} ${label}`).digest();
  const privateKey = algorithm === 'Ed25519' ? ed25519Key(seed) : p256Key(seed);
  const spki = new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
  return {
    algorithm,
    spki,
    sign: (message) =>
      algorithm === 'Ed25519'
        ? new Uint8Array(sign(null, message, privateKey))
        : signLowS(message, privateKey),
  };
}

function ed25519Key(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([ED25519_PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

function p256Key(seed: Buffer): KeyObject {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(seed);
  const point = ecdh.getPublicKey();
  const coordinate = (start: number): string => point.subarray(start, start + 32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', d: seed.toString('base64url'), x: coordinate(1), y: coordinate(33) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

function signLowS(message: Uint8Array, key: KeyObject): Uint8Array {
  const signature = new Uint8Array(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }));
  return isLowS(signature) ? signature : negateS(signature);
}

function negateS(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
  const low = Buffer.from((P256_ORDER - s).toString(16).padStart(64, '0'), 'hex');
  return new Uint8Array([...signature.subarray(0, 32), ...low]);
}
