import { describe, expect, it } from 'vitest';
import { concatBytes, utf8 } from '../../../src/std/index.ts';
import {
  decodeSign1,
  encodeCbor,
  encodeSign1,
  isLowS,
  sigStructure,
  tagSign1,
  type CborValue,
} from '../../../src/codec/index.ts';
import { testCrypto, testKey, withHighS } from '../../support/crypto.ts';
import { hex } from '../../support/raw-cbor.ts';

const payload = utf8('payload');
const signature = new Uint8Array(64).fill(1);
const es256 = hex('a10126');
const half = hex('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8');

function codeOf(bytes: Uint8Array, maxBytes = 1024, tagged = false): string {
  const result = decodeSign1(bytes, maxBytes, { tagged });
  return result.ok ? 'accepted' : result.error.code;
}

const parts = (...values: readonly CborValue[]): Uint8Array => encodeCbor(values);

describe('a COSE_Sign1', () => {
  it.each(['ES256', 'Ed25519'] as const)('with %s reads back as it was written', (algorithm) => {
    const sign1 = { algorithm, payload, signature };
    expect(decodeSign1(encodeSign1(sign1), 1024)).toEqual({ ok: true, value: sign1 });
    expect(decodeSign1(encodeSign1(sign1, { tagged: true }), 1024, { tagged: true })).toEqual({
      ok: true,
      value: sign1,
    });
  });

  it('has exactly the bytes of RFC 9052', () => {
    const sign1 = { algorithm: 'ES256', payload: hex('aa'), signature } as const;
    const untagged = concatBytes(hex('84 43a10126 a0 41aa 5840'), signature);
    expect(encodeSign1(sign1)).toEqual(untagged);
    expect(encodeSign1(sign1, { tagged: true })).toEqual(concatBytes(hex('d2'), untagged));
    expect(tagSign1(untagged)).toEqual(concatBytes(hex('d2'), untagged));
  });

  it('signs the structure of RFC 9052 section 4.4', () => {
    expect(sigStructure('Ed25519', hex('0102'), hex('aa'))).toEqual(
      hex('84 6a5369676e617475726531 43a10127 420102 41aa'),
    );
  });

  it('is never written with ES384', () => {
    expect(() => sigStructure('ES384', payload, payload)).toThrow(RangeError);
    expect(() => encodeSign1({ algorithm: 'ES384', payload, signature })).toThrow(RangeError);
  });
});

describe('decodeSign1 refuses', () => {
  it.each<[string, Uint8Array, string]>([
    ['a map instead of the array', encodeCbor(new Map()), 'LS_COSE_STRUCTURE'],
    ['three elements', parts(es256, new Map(), payload), 'LS_COSE_STRUCTURE'],
    ['five elements', parts(es256, new Map(), payload, signature, 1), 'LS_COSE_STRUCTURE'],
    [
      'a protected header that is a map',
      parts(new Map([[1, -7]]), new Map(), payload, signature),
      'LS_COSE_STRUCTURE',
    ],
    ['an unprotected header that is null', parts(es256, null, payload, signature), 'LS_COSE_STRUCTURE'],
    [
      'an unprotected header with a kid',
      parts(es256, new Map([[4, hex('01')]]), payload, signature),
      'LS_COSE_HEADER',
    ],
    ['an unprotected alg', parts(hex(''), new Map([[1, -7]]), payload, signature), 'LS_COSE_HEADER'],
    ['a detached payload', parts(es256, new Map(), null, signature), 'LS_COSE_STRUCTURE'],
    ['a payload that is text', parts(es256, new Map(), 'x', signature), 'LS_COSE_STRUCTURE'],
    ['a signature that is text', parts(es256, new Map(), payload, 'x'), 'LS_COSE_STRUCTURE'],
    ['no protected alg', parts(hex('a0'), new Map(), payload, signature), 'LS_COSE_HEADER'],
    ['an empty protected header', parts(hex(''), new Map(), payload, signature), 'LS_COSE_HEADER'],
    [
      'an extra protected header',
      parts(hex('a2012604 41aa'), new Map(), payload, signature),
      'LS_COSE_HEADER',
    ],
    ['a crit header', parts(hex('a2012602 8101'), new Map(), payload, signature), 'LS_COSE_HEADER'],
    [
      'a protected header with another key',
      parts(hex('a10226'), new Map(), payload, signature),
      'LS_COSE_HEADER',
    ],
    ['a long-form alg', parts(hex('a1013806'), new Map(), payload, signature), 'LS_COSE_HEADER'],
    [
      'a protected header that is not CBOR',
      parts(hex('ff'), new Map(), payload, signature),
      'LS_COSE_HEADER',
    ],
    ['ES384', parts(hex('a1013822'), new Map(), payload, signature), 'LS_COSE_ALGORITHM'],
    ['HMAC 256/256', parts(hex('a10105'), new Map(), payload, signature), 'LS_COSE_ALGORITHM'],
    ['alg as text', parts(hex('a1016545533235 36'), new Map(), payload, signature), 'LS_COSE_ALGORITHM'],
    [
      'a signature of 63 bytes',
      parts(es256, new Map(), payload, signature.subarray(1)),
      'LS_COSE_SIGNATURE_LENGTH',
    ],
    [
      'a signature of 65 bytes',
      parts(es256, new Map(), payload, new Uint8Array(65)),
      'LS_COSE_SIGNATURE_LENGTH',
    ],
    ['no signature', parts(es256, new Map(), payload, new Uint8Array()), 'LS_COSE_SIGNATURE_LENGTH'],
    [
      'a byte after it',
      concatBytes(encodeSign1({ algorithm: 'ES256', payload, signature }), hex('00')),
      'LS_CBOR_TRAILING',
    ],
    [
      'a tag on the wire',
      encodeSign1({ algorithm: 'ES256', payload, signature }, { tagged: true }),
      'LS_COSE_STRUCTURE',
    ],
    [
      'the tag in long form',
      concatBytes(hex('d812'), encodeSign1({ algorithm: 'ES256', payload, signature })),
      'LS_CBOR_UNSUPPORTED',
    ],
  ])('%s', (_what, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it('a missing or doubled tag where one is due', () => {
    const untagged = encodeSign1({ algorithm: 'ES256', payload, signature });
    expect(codeOf(untagged, 1024, true)).toBe('LS_COSE_STRUCTURE');
    expect(codeOf(tagSign1(tagSign1(untagged)), 1024, true)).toBe('LS_CBOR_UNSUPPORTED');
  });

  it('one byte more than the cap', () => {
    const bytes = encodeSign1({ algorithm: 'ES256', payload, signature });
    expect(codeOf(bytes, bytes.length)).toBe('accepted');
    expect(codeOf(bytes, bytes.length - 1)).toBe('LS_CBOR_TOO_LARGE');
  });

  it('every truncation', () => {
    const bytes = encodeSign1({ algorithm: 'ES256', payload, signature });
    for (let length = 0; length < bytes.length; length++) {
      expect(codeOf(bytes.subarray(0, length))).toBe('LS_CBOR_TRUNCATED');
    }
  });
});

describe('the two forms of an ECDSA signature', () => {
  it('are told apart at half the order exactly', () => {
    const above = new Uint8Array(half);
    above[31] = (above[31] ?? 0) + 1;
    expect(isLowS(concatBytes(new Uint8Array(32), half))).toBe(true);
    expect(isLowS(concatBytes(new Uint8Array(32), above))).toBe(false);
    expect(isLowS(new Uint8Array(63))).toBe(false);
  });

  it('both verify, and only the low one is read', () => {
    const key = testKey('ES256');
    const structure = sigStructure('ES256', new Uint8Array(), payload);
    const low = key.sign(structure);
    const high = withHighS(low);
    expect(testCrypto.verify('ES256', key.spki, structure, high)).toBe(true);
    expect(codeOf(encodeSign1({ algorithm: 'ES256', payload, signature: low }))).toBe('accepted');
    expect(codeOf(encodeSign1({ algorithm: 'ES256', payload, signature: high }))).toBe('LS_COSE_HIGH_S');
  });

  it('do not concern Ed25519, whose s is the other way round', () => {
    const upper = new Uint8Array(64).fill(0xff);
    expect(codeOf(encodeSign1({ algorithm: 'Ed25519', payload, signature: upper }))).toBe('accepted');
  });
});
