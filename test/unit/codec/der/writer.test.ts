import { describe, expect, it } from 'vitest';
import {
  derHeader,
  derMagnitude,
  derNamedBits,
  derOid,
  derPrintableString,
  derSetOf,
  derUnsigned,
  ia5Bytes,
} from '../../../../src/codec/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('the DER writer', () => {
  it.each([
    [0x7f, '047f'],
    [0x80, '048180'],
    [0xff, '0481ff'],
    [0x100, '04820100'],
    [0x1_0000, '0483010000'],
    [0x100_0000, '048401000000'],
    [0xffff_ffff, '0484ffffffff'],
  ])('writes the shortest length for %i bytes', (length, expected) => {
    expect(hex(derHeader(0x04, length))).toBe(expected);
  });

  it.each([
    [0, '020100'],
    [127, '02017f'],
    [128, '02020080'],
    [256, '02020100'],
    [Number.MAX_SAFE_INTEGER, '02071fffffffffffff'],
  ])('writes the integer %i', (value, expected) => {
    expect(hex(derUnsigned(value))).toBe(expected);
  });

  it.each([-1, 1.5, Number.MAX_SAFE_INTEGER + 1, Number.NaN])(
    'refuses to write %d as an unsigned integer',
    (value) => {
      expect(() => derUnsigned(value)).toThrow(RangeError);
    },
  );

  it('drops leading zeros of a magnitude and adds the sign byte', () => {
    expect(hex(derMagnitude(Uint8Array.of(0, 0, 0x80)))).toBe('02020080');
    expect(hex(derMagnitude(Uint8Array.of(0, 0)))).toBe('020100');
  });

  it('drops trailing zero bits of a named bit list', () => {
    expect(hex(derNamedBits([0]))).toBe('03020780');
    expect(hex(derNamedBits([6, 5]))).toBe('03020106');
    expect(hex(derNamedBits([8]))).toBe('0303070080');
    expect(hex(derNamedBits([]))).toBe('030100');
  });

  it('sorts the members of a SET OF', () => {
    expect(hex(derSetOf(derUnsigned(2), derUnsigned(1)))).toBe('3106020101020102');
  });

  it.each([
    ['1.2.840.10045.2.1', '06072a8648ce3d0201'],
    ['2.5.29.15', '0603551d0f'],
    ['2.999', '06028837'],
    ['0.39', '060127'],
  ])('writes the object identifier %s', (dotted, expected) => {
    expect(hex(derOid(dotted))).toBe(expected);
  });

  it.each(['', '1', '3.1', '1.40', '1.02', 'a.b', '1..2'])(
    'refuses to write %j as an object identifier',
    (dotted) => {
      expect(() => derOid(dotted)).toThrow(RangeError);
    },
  );

  it('refuses characters that a string type does not have', () => {
    expect(() => derPrintableString('a_b')).toThrow(RangeError);
    expect(() => ia5Bytes('é')).toThrow(RangeError);
  });
});
