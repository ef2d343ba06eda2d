import { describe, expect, it } from 'vitest';
import {
  derMagnitude,
  derSequence,
  ecdsaSignatureFromDer,
  ecdsaSignatureToDer,
  isLowS,
  toLowS,
} from '../../../src/codec/index.ts';
import { testCrypto, testKey, withHighS } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const ORDER = Uint8Array.from(
  Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex'),
);
const ONE = Uint8Array.of(1);
const sigValue = (r: Uint8Array, s: Uint8Array): Uint8Array => derSequence(derMagnitude(r), derMagnitude(s));

describe('ECDSA-Sig-Value', () => {
  it.each(['ES256', 'ES384'] as const)('converts an %s signature there and back', (algorithm) => {
    const key = testKey(algorithm);
    for (let i = 0; i < 50; i++) {
      const signature = key.sign(Uint8Array.of(i));
      expect(valueOf(ecdsaSignatureFromDer(algorithm, ecdsaSignatureToDer(algorithm, signature)))).toEqual(
        signature,
      );
    }
  });

  it.each([
    ['r of zero', sigValue(new Uint8Array(), ONE), 'LS_DER_SIGNATURE'],
    ['s of zero', sigValue(ONE, new Uint8Array()), 'LS_DER_SIGNATURE'],
    ['r equal to the order', sigValue(ORDER, ONE), 'LS_DER_SIGNATURE'],
    ['s equal to the order', sigValue(ONE, ORDER), 'LS_DER_SIGNATURE'],
    ['a negative r', Uint8Array.of(0x30, 6, 2, 1, 0x80, 2, 1, 1), 'LS_DER_SIGNATURE'],
    ['a padded r', Uint8Array.of(0x30, 7, 2, 2, 0, 1, 2, 1, 1), 'LS_DER_INTEGER'],
    ['an r of 34 bytes', sigValue(new Uint8Array(34).fill(1), ONE), 'LS_DER_INTEGER'],
    [
      'three integers',
      derSequence(derMagnitude(ONE), derMagnitude(ONE), derMagnitude(ONE)),
      'LS_DER_TRAILING',
    ],
    ['one integer', derSequence(derMagnitude(ONE)), 'LS_DER_TAG'],
    ['bytes after it', Uint8Array.of(...sigValue(ONE, ONE), 0), 'LS_DER_TRAILING'],
  ])('refuses %s', (_, der, code) => {
    expect(codeOf(ecdsaSignatureFromDer('ES256', der))).toBe(code);
  });

  it('brings s into the lower half and leaves a signature valid', () => {
    for (const algorithm of ['ES256', 'ES384'] as const) {
      const key = testKey(algorithm);
      const low = key.sign(ONE);
      const high = withHighS(low, algorithm);
      expect(high).not.toEqual(low);
      expect(toLowS(algorithm, high)).toEqual(low);
      expect(toLowS(algorithm, low)).toEqual(low);
      expect(testCrypto.verify(algorithm, key.spki, ONE, high)).toBe(true);
    }
  });

  it('agrees with the COSE decoder about what is low', () => {
    const low = testKey().sign(ONE);
    expect(isLowS(low)).toBe(true);
    expect(isLowS(withHighS(low))).toBe(false);
  });

  it('throws for signatures of another length', () => {
    expect(() => ecdsaSignatureToDer('ES256', new Uint8Array(63))).toThrow(RangeError);
    expect(() => toLowS('ES384', new Uint8Array(64))).toThrow(RangeError);
  });
});
