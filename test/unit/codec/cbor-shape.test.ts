import { describe, expect, it } from 'vitest';
import {
  bytesShape,
  choiceShape,
  listShape,
  mappedShape,
  nullableShape,
  readArray,
  readBoolean,
  readMap,
  textShape,
  tupleShape,
  uintShape,
  type CborValue,
  type Shape,
} from '../../../src/codec/index.ts';
import { hex } from '../../support/raw-cbor.ts';

function outcome(shape: Shape<unknown>, value: CborValue | undefined): string {
  const result = shape.decode(value, 'here');
  return result.ok ? 'ok' : result.error.code;
}

interface Pair {
  readonly first: number;
  readonly second: string | null;
}

const pair = tupleShape<Pair>({ first: uintShape(9), second: nullableShape(textShape(3)) });

describe('shapes accept at the bound and refuse beyond it', () => {
  it.each<[string, Shape<unknown>, CborValue, string]>([
    ['an integer at its maximum', uintShape(10), 10, 'ok'],
    ['an integer above it', uintShape(10), 11, 'LS_CBOR_FIELD_RANGE'],
    ['an integer at its minimum', uintShape(10, 5), 5, 'ok'],
    ['an integer below it', uintShape(10, 5), 4, 'LS_CBOR_FIELD_RANGE'],
    ['a negative integer', uintShape(10), -1, 'LS_CBOR_FIELD_RANGE'],
    ['bytes one too few', bytesShape(2, 3), hex('00'), 'LS_CBOR_FIELD_RANGE'],
    ['bytes at the most', bytesShape(2, 3), hex('000000'), 'ok'],
    ['bytes one too many', bytesShape(2, 3), hex('00000000'), 'LS_CBOR_FIELD_RANGE'],
    ['text counted in bytes', textShape(3), 'éa', 'ok'],
    ['text one byte too long', textShape(3), 'éé', 'LS_CBOR_FIELD_RANGE'],
    ['a list too short', listShape(uintShape(1), 1, 2), [], 'LS_CBOR_FIELD_RANGE'],
    ['a list at the most', listShape(uintShape(1), 1, 2), [1, 1], 'ok'],
    ['a list too long', listShape(uintShape(1), 1, 2), [1, 1, 1], 'LS_CBOR_FIELD_RANGE'],
    ['a known choice', choiceShape({ a: 0, b: 1 }), 1, 'ok'],
    ['an unknown choice', choiceShape({ a: 0, b: 1 }), 2, 'LS_CBOR_FIELD_RANGE'],
    ['a tuple with an element missing', pair, [1], 'LS_CBOR_FIELD_RANGE'],
    ['a tuple with one too many', pair, [1, null, 1], 'LS_CBOR_FIELD_RANGE'],
    ['a tuple with the wrong kind inside', pair, [1, 1], 'LS_CBOR_FIELD_TYPE'],
  ])('%s', (_what, shape, value, code) => {
    expect(outcome(shape, value)).toBe(code);
  });

  it.each<[string, Shape<unknown>]>([
    ['uint', uintShape(9)],
    ['bytes', bytesShape(0, 9)],
    ['text', textShape(9)],
    ['list', listShape(uintShape(9), 0, 9)],
    ['tuple', pair],
    ['choice', choiceShape({ a: 0 })],
  ])('a missing value is not a %s', (_what, shape) => {
    expect(outcome(shape, undefined)).toBe('LS_CBOR_FIELD_TYPE');
  });
});

describe('shapes', () => {
  it('name the field that is wrong, down to the element', () => {
    const result = listShape(pair, 0, 9).decode(
      [
        [1, null],
        [1, 'four'],
      ],
      'pairs',
    );
    expect(!result.ok && result.error.detail).toMatch(/^pairs\[1\]\.second: /);
  });

  it('read back what they wrote, with the fields in declared order', () => {
    const wire = pair.encode({ second: 'x', first: 1 });
    expect(wire).toEqual([1, 'x']);
    expect(pair.decode(wire, 'pair')).toEqual({ ok: true, value: { first: 1, second: 'x' } });
  });

  it('refuse what a mapping does not allow', () => {
    const even = mappedShape(
      uintShape(9),
      (n) => (n % 2 === 0 ? n / 2 : undefined),
      (n) => n * 2,
      'an even number',
    );
    expect(outcome(even, 3)).toBe('LS_CBOR_FIELD_RANGE');
    expect(even.decode(8, 'here')).toEqual({ ok: true, value: 4 });
  });
});

describe('readers', () => {
  it('check the kind and the count', () => {
    expect(readArray([1, 2], 2, 'a').ok).toBe(true);
    expect(readArray([1, 2], 3, 'a').ok).toBe(false);
    expect(readBoolean(true, 'b')).toEqual({ ok: true, value: true });
    expect(readBoolean(1, 'b').ok).toBe(false);
    expect(readMap(new Map([[1, 1]]), 1, 'm').ok).toBe(true);
    expect(readMap(new Map([[1, 1]]), 0, 'm').ok).toBe(false);
    expect(readMap([], 1, 'm').ok).toBe(false);
  });
});
