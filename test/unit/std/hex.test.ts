import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/std/index.ts';

describe('hexadecimal', () => {
  it('of every length and byte is read as it was written', () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (const length of [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 20, 256]) {
      const bytes = all.slice(256 - length);
      expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
      expect(fromHex(toHex(bytes))).toEqual(bytes);
    }
    expect(fromHex('abc')).toBeUndefined();
  });

  it('with any other character at any place is refused', () => {
    for (const length of [2, 4, 6]) {
      for (let at = 0; at < length; at++) {
        for (let code = 0; code < 0x1_0000; code += code < 0x300 ? 1 : 0x7f) {
          const character = String.fromCharCode(code);
          if (/[0-9a-f]/.test(character)) continue;
          const text = `${'0'.repeat(at)}${character}${'0'.repeat(length - at - 1)}`;
          if (fromHex(text) !== undefined) expect.fail(`took character ${code} at ${at} of ${length}`);
        }
      }
    }
  });
});
