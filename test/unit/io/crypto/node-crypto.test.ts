import { describe, expect, it } from 'vitest';
import { generateKey, nodeCrypto } from '../../../../src/io/index.ts';
import { toHex, utf8, type SignatureAlgorithm } from '../../../../src/std/index.ts';

const MESSAGE = utf8('sign of life');
const ALGORITHMS: readonly SignatureAlgorithm[] = ['ES256', 'ES384', 'Ed25519'];

describe('nodeCrypto hashes', () => {
  it('matches the published SHA-256 of "abc", in one part or several', () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(toHex(nodeCrypto.sha256(utf8('abc')))).toBe(expected);
    expect(toHex(nodeCrypto.sha256(utf8('a'), utf8(''), utf8('bc')))).toBe(expected);
  });

  it('gives one value for long input however it is cut', () => {
    const long = new Uint8Array(20_000).fill(7);
    expect(nodeCrypto.sha256(long.subarray(0, 9_000), long.subarray(9_000))).toEqual(nodeCrypto.sha256(long));
  });

  it('hashes nothing as the empty string', () => {
    expect(nodeCrypto.sha256()).toEqual(nodeCrypto.sha256(new Uint8Array()));
  });

  it('matches the HMAC-SHA-256 of RFC 4231 test case 2', () => {
    expect(toHex(nodeCrypto.hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?')))).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  it('returns plain Uint8Arrays, never a Buffer', () => {
    expect(Buffer.isBuffer(nodeCrypto.sha256(MESSAGE))).toBe(false);
    expect(Buffer.isBuffer(generateKey('ES256').signer.sign(MESSAGE))).toBe(false);
  });
});

describe('equalSecrets', () => {
  it('tells equal from unequal and from shorter', () => {
    expect(nodeCrypto.equalSecrets(utf8('secret'), utf8('secret'))).toBe(true);
    expect(nodeCrypto.equalSecrets(utf8('secret'), utf8('secreT'))).toBe(false);
    expect(nodeCrypto.equalSecrets(utf8('secret'), utf8('secre'))).toBe(false);
  });
});

describe.each(ALGORITHMS)('verify with %s', (algorithm) => {
  const { signer } = generateKey(algorithm);
  const signature = signer.sign(MESSAGE);

  it('accepts a signature of the key', () => {
    expect(nodeCrypto.verify(algorithm, signer.spki, MESSAGE, signature)).toBe(true);
  });

  it('refuses another message', () => {
    expect(nodeCrypto.verify(algorithm, signer.spki, utf8('sign of death'), signature)).toBe(false);
  });

  it('refuses another key', () => {
    expect(nodeCrypto.verify(algorithm, generateKey(algorithm).signer.spki, MESSAGE, signature)).toBe(false);
  });

  it('refuses every other algorithm name for this key', () => {
    for (const other of ALGORITHMS.filter((name) => name !== algorithm)) {
      expect(nodeCrypto.verify(other, signer.spki, MESSAGE, signature)).toBe(false);
    }
  });

  it('refuses a signature with one bit flipped, cut, or extended', () => {
    const flipped = Uint8Array.from(signature, (byte, i) => (i === 5 ? byte ^ 1 : byte));
    expect(nodeCrypto.verify(algorithm, signer.spki, MESSAGE, flipped)).toBe(false);
    expect(nodeCrypto.verify(algorithm, signer.spki, MESSAGE, signature.subarray(1))).toBe(false);
    expect(nodeCrypto.verify(algorithm, signer.spki, MESSAGE, Uint8Array.of(...signature, 0))).toBe(false);
    expect(nodeCrypto.verify(algorithm, signer.spki, MESSAGE, new Uint8Array())).toBe(false);
    expect(nodeCrypto.verify(algorithm, signer.spki, MESSAGE, new Uint8Array(signature.length))).toBe(false);
  });

  it('refuses a key that is garbage, cut, or too long to be one', () => {
    for (const spki of [
      new Uint8Array(),
      signer.spki.subarray(1),
      new Uint8Array(91),
      new Uint8Array(10_000),
    ]) {
      expect(nodeCrypto.verify(algorithm, spki, MESSAGE, signature)).toBe(false);
    }
  });
});
