import { describe, expect, it } from 'vitest';
import { encodeCbor } from '../../../src/codec/index.ts';
import { hex } from '../../support/raw-cbor.ts';

describe('encodeCbor', () => {
  it('sorts map keys by their encoded bytes, whatever order they were put in', () => {
    const map = new Map([
      [-2, 0],
      [256, 0],
      [-1, 0],
      [10, 0],
      [100, 0],
    ]);
    expect(encodeCbor(map)).toEqual(hex('a5 0a00 186400 19010000 2000 2100'));
  });

  it('writes minus zero as zero', () => {
    expect(encodeCbor(-0)).toEqual(hex('00'));
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53)])(
    'throws for %d, which has no form',
    (n) => {
      expect(() => encodeCbor(n)).toThrow(RangeError);
      expect(() => encodeCbor([new Map([[n, 0]])])).toThrow(RangeError);
    },
  );

  it('throws for text with a lone surrogate instead of writing another text', () => {
    expect(() => encodeCbor('\ud800')).toThrow(RangeError);
  });
});
