import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toLowS } from '../../../../src/codec/index.ts';
import { generateKey, nodeCrypto, signerFromKeyObject, signerFromPkcs8 } from '../../../../src/io/index.ts';
import { utf8, type LsError } from '../../../../src/std/index.ts';

describe('signers', () => {
  it('give only low s for P-256 and P-384, and signatures that verify', () => {
    for (const algorithm of ['ES256', 'ES384'] as const) {
      const { signer } = generateKey(algorithm);
      for (let i = 0; i < 32; i++) {
        const message = utf8(`message ${String(i)}`);
        const signature = signer.sign(message);
        expect(toLowS(algorithm, signature)).toBe(signature);
        expect(nodeCrypto.verify(algorithm, signer.spki, message, signature)).toBe(true);
      }
    }
  });

  it('come back from PKCS#8 as the same key', () => {
    for (const algorithm of ['ES256', 'ES384', 'Ed25519'] as const) {
      const { signer, pkcs8 } = generateKey(algorithm);
      const again = signerFromPkcs8(pkcs8);
      expect(again.algorithm).toBe(algorithm);
      expect(again.spki).toEqual(signer.spki);
    }
  });

  it('refuse RSA, other curves, public keys and garbage with LS_KEY_FORMAT', () => {
    const refused = [
      () => signerFromKeyObject(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
      () => signerFromKeyObject(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
      () => signerFromKeyObject(createPublicKey(generateKeyPairSync('ed25519').privateKey)),
      () => signerFromPkcs8(new Uint8Array(40)),
    ];
    for (const attempt of refused) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'LS_KEY_FORMAT' } satisfies Partial<LsError>));
    }
  });
});
