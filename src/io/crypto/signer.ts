import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { toLowS } from '../../codec/index.ts';
import { fault, LsError, type SignatureAlgorithm, type Signer } from '../../std/index.ts';
import { algorithmOfKey, CURVES } from './curves.ts';
import { plain } from './node-crypto.ts';

/** A fresh private key: for signing at once, and as DER PrivateKeyInfo (RFC 5958) for writing it down. Secret. */
export interface GeneratedKey {
  readonly signer: Signer;
  readonly pkcs8: Uint8Array;
}

export function generateKey(algorithm: SignatureAlgorithm): GeneratedKey {
  const key = newPrivateKey(algorithm);
  return { signer: signerFromKeyObject(key), pkcs8: plain(key.export({ format: 'der', type: 'pkcs8' })) };
}

/** Throws LS_KEY_FORMAT for what is not a private key of a supported algorithm. */
export function signerFromPkcs8(pkcs8: Uint8Array): Signer {
  return signerFromKeyObject(privateKeyFromPkcs8(pkcs8));
}

/** Throws LS_KEY_FORMAT for what is not DER PrivateKeyInfo. */
export function privateKeyFromPkcs8(pkcs8: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new LsError(fault('LS_KEY_FORMAT', 'these bytes are no PKCS#8 private key'), { cause });
  }
}

/** Throws LS_KEY_FORMAT for a public key and for an algorithm that lifesign does not sign with. */
export function signerFromKeyObject(key: KeyObject): Signer {
  const algorithm = key.type === 'private' ? algorithmOfKey(key) : undefined;
  if (algorithm === undefined) {
    throw new LsError(
      fault('LS_KEY_FORMAT', `a ${key.type} key of type ${key.asymmetricKeyType ?? 'none'} cannot sign here`),
    );
  }
  const { digest } = CURVES[algorithm];
  const spki = plain(createPublicKey(key).export({ format: 'der', type: 'spki' }));
  return {
    algorithm,
    spki,
    sign(message) {
      const signature = plain(sign(digest, message, { key, dsaEncoding: 'ieee-p1363' }));
      return algorithm === 'Ed25519' ? signature : toLowS(algorithm, signature);
    },
  };
}

function newPrivateKey(algorithm: SignatureAlgorithm): KeyObject {
  const { namedCurve } = CURVES[algorithm];
  if (namedCurve === null) return generateKeyPairSync('ed25519').privateKey;
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}
