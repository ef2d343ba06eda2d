import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CURVES } from '../../../../src/io/crypto/curves.ts';
import { lowS } from '../../../../src/io/crypto/low-s.ts';
import { generateKey, nodeCrypto, signerFromKeyObject, signerFromPkcs8 } from '../../../../src/io/index.ts';
import { concatBytes, fromHex, toHex, utf8, type LsError } from '../../../../src/std/index.ts';

const ORDER = CURVES.ES256.order ?? 0n;

function sOf(signature: Uint8Array): bigint {
  return BigInt(`0x${toHex(signature.subarray(signature.length / 2))}`);
}

function bytesOf(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0')) ?? new Uint8Array();
}

describe('lowS', () => {
  const r = new Uint8Array(32).fill(9);

  it('leaves s as it is up to half the order', () => {
    const signature = concatBytes(r, bytesOf(ORDER / 2n));
    expect(lowS(signature, ORDER)).toBe(signature);
  });

  it('turns s just above half the order into n - s, and leaves r', () => {
    const normal = lowS(concatBytes(r, bytesOf(ORDER / 2n + 1n)), ORDER);
    expect(sOf(normal)).toBe(ORDER - (ORDER / 2n + 1n));
    expect(normal.subarray(0, 32)).toEqual(r);
  });

  it('keeps leading zeros of a small s', () => {
    expect(lowS(concatBytes(r, bytesOf(ORDER - 1n)), ORDER)).toEqual(concatBytes(r, bytesOf(1n)));
  });
});

describe('signers', () => {
  it('give only low s for P-256 and P-384, and signatures that verify', () => {
    for (const algorithm of ['ES256', 'ES384'] as const) {
      const { signer } = generateKey(algorithm);
      for (let i = 0; i < 32; i++) {
        const message = utf8(`message ${String(i)}`);
        const signature = signer.sign(message);
        expect(2n * sOf(signature) <= (CURVES[algorithm].order ?? 0n)).toBe(true);
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
