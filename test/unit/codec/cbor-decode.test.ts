import { describe, expect, it } from 'vitest';
import { decodeCbor, encodeCbor, type CborLimits, type CborValue } from '../../../src/codec/index.ts';
import { hex } from '../../support/raw-cbor.ts';

const limits: CborLimits = { maxBytes: 4096, maxDepth: 4, maxItems: 64 };

function codeOf(bytes: string | Uint8Array, within: CborLimits = limits): string {
  const result = decodeCbor(typeof bytes === 'string' ? hex(bytes) : bytes, within);
  return result.ok ? 'accepted' : result.error.code;
}

describe('what RFC 8949 appendix A calls valid and we use', () => {
  it.each<[string, CborValue]>([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['18ff', 255],
    ['190100', 256],
    ['19ffff', 65_535],
    ['1a00010000', 65_536],
    ['1affffffff', 0xffff_ffff],
    ['1b0000000100000000', 0x1_0000_0000],
    ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['20', -1],
    ['3863', -100],
    ['3b001ffffffffffffe', Number.MIN_SAFE_INTEGER],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['40', new Uint8Array()],
    ['4401020304', hex('01020304')],
    ['60', ''],
    ['62c3bc', 'ü'],
    ['64f0908591', '\u{10151}'],
    ['63efbbbf', '\u{feff}'],
    ['80', []],
    ['8301820203820405', [1, [2, 3], [4, 5]]],
    ['a0', new Map()],
    [
      'a201020304',
      new Map([
        [1, 2],
        [3, 4],
      ]),
    ],
    [
      'a300182020f62100',
      new Map<number, CborValue>([
        [0, 32],
        [-1, null],
        [-2, 0],
      ]),
    ],
  ])('reads %s and writes it again', (text, value) => {
    expect(decodeCbor(hex(text), limits)).toEqual({ ok: true, value });
    expect(encodeCbor(value)).toEqual(hex(text));
  });
});

describe('a strict decoder refuses', () => {
  it.each([
    ['an integer in two bytes that fits in one', '1817', 'LS_CBOR_NOT_CANONICAL'],
    ['an integer in three bytes that fits in two', '1900ff', 'LS_CBOR_NOT_CANONICAL'],
    ['an integer in five bytes that fits in three', '1a0000ffff', 'LS_CBOR_NOT_CANONICAL'],
    ['an integer in nine bytes that fits in five', '1b00000000ffffffff', 'LS_CBOR_NOT_CANONICAL'],
    ['a negative integer in long form', '3800', 'LS_CBOR_NOT_CANONICAL'],
    ['a byte string with a long-form length', '580101', 'LS_CBOR_NOT_CANONICAL'],
    ['a text with a long-form length', '780161', 'LS_CBOR_NOT_CANONICAL'],
    ['an array with a long-form length', '980101', 'LS_CBOR_NOT_CANONICAL'],
    ['a map with a long-form length', 'b8010101', 'LS_CBOR_NOT_CANONICAL'],
    ['map keys out of order', 'a203040102', 'LS_CBOR_NOT_CANONICAL'],
    ['a negative map key before a positive one', 'a220010102', 'LS_CBOR_NOT_CANONICAL'],
    ['negative map keys out of order', 'a221012002', 'LS_CBOR_NOT_CANONICAL'],
    ['a map key twice', 'a201020103', 'LS_CBOR_DUPLICATE_KEY'],
    ['a text as map key', 'a1616101', 'LS_CBOR_UNSUPPORTED'],
    ['a byte string as map key', 'a1416101', 'LS_CBOR_UNSUPPORTED'],
    ['an array as map key', 'a18001', 'LS_CBOR_UNSUPPORTED'],
    ['an indefinite byte string', '5f4101ff', 'LS_CBOR_UNSUPPORTED'],
    ['an indefinite text', '7f6161ff', 'LS_CBOR_UNSUPPORTED'],
    ['an indefinite array', '9f01ff', 'LS_CBOR_UNSUPPORTED'],
    ['an indefinite map', 'bf0101ff', 'LS_CBOR_UNSUPPORTED'],
    ['an integer of indefinite length', '1f', 'LS_CBOR_UNSUPPORTED'],
    ['a break outside of anything', 'ff', 'LS_CBOR_UNSUPPORTED'],
    ['a half float', 'f93c00', 'LS_CBOR_UNSUPPORTED'],
    ['a float', 'fa3f800000', 'LS_CBOR_UNSUPPORTED'],
    ['a double', 'fb3ff0000000000000', 'LS_CBOR_UNSUPPORTED'],
    ['undefined', 'f7', 'LS_CBOR_UNSUPPORTED'],
    ['an unassigned simple value', 'f0', 'LS_CBOR_UNSUPPORTED'],
    ['false in two bytes', 'f814', 'LS_CBOR_UNSUPPORTED'],
    ['a tag', 'c101', 'LS_CBOR_UNSUPPORTED'],
    ['a bignum', 'c249010000000000000000', 'LS_CBOR_UNSUPPORTED'],
    ['self-described CBOR', 'd9d9f700', 'LS_CBOR_UNSUPPORTED'],
    ['reserved additional information 28', '1c', 'LS_CBOR_UNSUPPORTED'],
    ['reserved additional information 30', '9e', 'LS_CBOR_UNSUPPORTED'],
    ['2^53', '1b0020000000000000', 'LS_CBOR_INTEGER_RANGE'],
    ['2^64 - 1', '1bffffffffffffffff', 'LS_CBOR_INTEGER_RANGE'],
    ['-2^53', '3b001fffffffffffff', 'LS_CBOR_INTEGER_RANGE'],
    ['a byte string of 2^64 - 1 bytes', '5bffffffffffffffff', 'LS_CBOR_INTEGER_RANGE'],
    ['text with a lone continuation byte', '6180', 'LS_CBOR_UTF8'],
    ['text with an overlong form', '62c080', 'LS_CBOR_UTF8'],
    ['text with a surrogate', '63eda080', 'LS_CBOR_UTF8'],
    ['text that ends inside a character', '61c3', 'LS_CBOR_UTF8'],
    ['a byte after the item', '0000', 'LS_CBOR_TRAILING'],
    ['nothing at all', '', 'LS_CBOR_TRUNCATED'],
    ['a byte string longer than the input', '4401', 'LS_CBOR_TRUNCATED'],
    ['an array that announces more than the input holds', '9affffffff00', 'LS_CBOR_TRUNCATED'],
    ['a map that announces more than the input holds', 'a20102', 'LS_CBOR_TRUNCATED'],
    ['an argument that is cut off', '1a0001', 'LS_CBOR_TRUNCATED'],
  ])('%s', (_what, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it('the same faults inside a container', () => {
    expect(codeOf('82011817')).toBe('LS_CBOR_NOT_CANONICAL');
    expect(codeOf('a101f93c00')).toBe('LS_CBOR_UNSUPPORTED');
    expect(codeOf('8161ff')).toBe('LS_CBOR_UTF8');
  });

  it('every proper prefix of a valid item', () => {
    const whole = encodeCbor([1, 'text', hex('0102'), new Map([[1, [-70_000, 2 ** 40]]]), null]);
    for (let length = 0; length < whole.length; length++) {
      expect(codeOf(whole.subarray(0, length)), `first ${String(length)} bytes`).toBe('LS_CBOR_TRUNCATED');
    }
  });
});

describe('bounds', () => {
  it('hold for bytes, at the bound and one above', () => {
    expect(codeOf('420000', { ...limits, maxBytes: 3 })).toBe('accepted');
    expect(codeOf('420000', { ...limits, maxBytes: 2 })).toBe('LS_CBOR_TOO_LARGE');
  });

  it('hold for depth, at the bound and one above, in arrays and maps', () => {
    expect(codeOf('81818180')).toBe('accepted');
    expect(codeOf('8181818180')).toBe('LS_CBOR_LIMIT');
    expect(codeOf('a101a101a101a0')).toBe('accepted');
    expect(codeOf('a101a101a101a101a0')).toBe('LS_CBOR_LIMIT');
    expect(codeOf('00', { ...limits, maxDepth: 0 })).toBe('accepted');
    expect(codeOf('80', { ...limits, maxDepth: 0 })).toBe('LS_CBOR_LIMIT');
  });

  it('hold for items, at the bound and one above, keys and containers counted', () => {
    expect(codeOf('83010203', { ...limits, maxItems: 4 })).toBe('accepted');
    expect(codeOf('83010203', { ...limits, maxItems: 3 })).toBe('LS_CBOR_LIMIT');
    expect(codeOf('a101a0', { ...limits, maxItems: 3 })).toBe('accepted');
    expect(codeOf('a101a0', { ...limits, maxItems: 2 })).toBe('LS_CBOR_LIMIT');
  });

  it('stop a long run of open arrays before the stack does', () => {
    const deep = new Uint8Array(1_000_000).fill(0x81);
    expect(codeOf(deep, { maxBytes: 1_000_000, maxDepth: 16, maxItems: 2_000_000 })).toBe('LS_CBOR_LIMIT');
  });
});

describe('what is read', () => {
  it('shares no memory with the input, not even with a Buffer', () => {
    const input = Buffer.from('4401020304', 'hex');
    const result = decodeCbor(input, limits);
    input.fill(0xff);
    expect(result).toEqual({ ok: true, value: hex('01020304') });
    expect(result.ok && Object.getPrototypeOf(result.value)).toBe(Uint8Array.prototype);
  });
});
