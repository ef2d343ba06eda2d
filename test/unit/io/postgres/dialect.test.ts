import { describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../../../src/io/sql/index.ts';
import { bytewise, parameter, parserOf, prepare } from '../../../../src/io/postgres/dialect.ts';

const BYTEA = 17;
const INT8 = 20;
const TEXT = 25;

describe('the dialect of PostgreSQL', () => {
  it('numbers the values of a text, once', () => {
    const made = prepare('SELECT a FROM b WHERE c = ? AND d IN (?, ?)');
    expect(made.text).toBe('SELECT a FROM b WHERE c = $1 AND d IN ($2, $3)');
    expect(prepare('SELECT a FROM b WHERE c = ? AND d IN (?, ?)')).toBe(made);
    expect(prepare('SELECT 2').name).not.toBe(made.name);
  });

  it('compares every text of the schema bytewise', () => {
    const texts = MIGRATIONS.flatMap(({ statements }) => statements).map(bytewise);
    expect(texts.join('\n').match(/\bTEXT\b(?! COLLATE "C")/g)).toBeNull();
  });

  it('reads bytes and integers, and takes no integer that it would have to round', () => {
    expect(parserOf(BYTEA)('\\x00ff10')).toStrictEqual(Uint8Array.of(0, 255, 16));
    expect(parserOf(BYTEA)('\\x')).toStrictEqual(new Uint8Array());
    expect(parserOf(INT8)('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(parserOf(INT8)('9007199254740992')).toBeNaN();
    expect(parserOf(TEXT)('12')).toBe('12');
  });

  it('sends bytes of a view, not of all that is behind it', () => {
    const view = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(parameter(view)).toEqual(Buffer.of(2, 3));
    expect([parameter('x'), parameter(7), parameter(null)]).toEqual(['x', 7, null]);
  });
});
