import { describe, expect, it } from 'vitest';
import { HexBatch, toHex } from '../../../src/std/index.ts';

/** The bytes of the texts, as text; undefined where they are refused. */
function decoded(batch: HexBatch, ...texts: readonly string[]): string | undefined {
  const bytes = batch.decode(texts);
  const length = texts.join('').length / 2;
  return bytes && toHex(new Uint8Array(bytes.buffer, bytes.byteOffset, length));
}

describe('a batch of hexadecimal texts', () => {
  it('gives back texts of every length and byte, one after the other', () => {
    const all = toHex(Uint8Array.from({ length: 256 }, (_, byte) => byte));
    const lengths = [1, 2, 3, 4, 5, 7, 8, 15, 16, 20, 256];
    const texts = ['', ...lengths.map((bytes) => all.slice(-2 * bytes))];
    const batch = new HexBatch(1_000);
    expect(decoded(batch, ...texts)).toBe(texts.join(''));
    for (const text of texts) expect(decoded(batch, text)).toBe(text);
    expect(decoded(batch)).toBe('');
  });

  it('refuses every other character at every place', () => {
    const batch = new HexBatch(20);
    for (const length of [2, 8, 10]) {
      for (let at = 0; at < length; at++) {
        for (let code = 0; code < 0x1_0000; code += code < 0x300 ? 1 : 0x7f) {
          const character = String.fromCharCode(code);
          if (/[0-9a-f]/.test(character)) continue;
          const text = `${'0'.repeat(at)}${character}${'0'.repeat(length - at - 1)}`;
          if (batch.decode([text]) !== undefined) expect.fail(`took character ${code} at ${at} of ${length}`);
        }
      }
    }
  });

  it('refuses texts that are too long together, also where what fits has the length of the text', () => {
    const batch = new HexBatch(4);
    expect(decoded(batch, '0102', '0304')).toBe('01020304');
    expect(decoded(batch, '0102', '030405')).toBeUndefined();
    expect(decoded(batch, 'é', '0102030')).toBeUndefined();
    expect(decoded(batch, '0102030', 'é')).toBeUndefined();
  });

  it('gives what a text means, not what the machine makes of two bytes', () => {
    const bytes = new HexBatch(8).decode(['0123456789abcdef']);
    expect(bytes?.getUint8(0)).toBe(0x01);
    expect(bytes?.getUint32(0)).toBe(0x01234567);
    expect(bytes?.getUint32(4)).toBe(0x89abcdef);
  });
});
