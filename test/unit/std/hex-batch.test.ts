import { describe, expect, it } from 'vitest';
import { HexBatch, toHex } from '../../../src/std/index.ts';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** What is written of a text, with a margin on both sides that must stay; undefined where it is refused. */
function decoded(batch: HexBatch, bytes: number): string | undefined {
  const target = new Uint8Array(bytes + 4).fill(0xee);
  if (!batch.write(bytes, new DataView(target.buffer), 2)) return undefined;
  expect(toHex(target.subarray(0, 2)) + toHex(target.subarray(-2))).toBe('eeeeeeee');
  return toHex(target.subarray(2, -2));
}

describe('a batch of hexadecimal texts', () => {
  it('gives back texts of every length and byte, one after the other', () => {
    const all = toHex(Uint8Array.from({ length: 256 }, (_, byte) => byte));
    const texts = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 20, 256].map((bytes) => all.slice(-2 * bytes, 1_000));
    texts[0] = '';
    const batch = new HexBatch(1_000);
    for (let round = 1; round <= 2; round++) {
      expect(batch.load(texts)).toBe(true);
      for (const text of texts) expect(decoded(batch, text.length / 2)).toBe(text);
    }
  });

  it('refuses every other character at every place', () => {
    const batch = new HexBatch(20);
    for (const length of [2, 8, 10]) {
      for (let at = 0; at < length; at++) {
        for (let code = 0; code < 0x1_0000; code += code < 0x300 ? 1 : 0x7f) {
          const character = String.fromCharCode(code);
          if (/[0-9a-f]/.test(character)) continue;
          const text = `${'0'.repeat(at)}${character}${'0'.repeat(length - at - 1)}`;
          const isTaken = batch.load([text]) && decoded(batch, length / 2) !== undefined;
          if (isTaken) expect.fail(`took character ${code} at ${at} of ${length}`);
        }
      }
    }
  });

  it('refuses texts that are too long together, also where what fits has the length of the text', () => {
    const batch = new HexBatch(4);
    expect(batch.load(['0102', '0304'])).toBe(true);
    expect(batch.load(['0102', '030405'])).toBe(false);
    expect(batch.load(['é', '0102030'])).toBe(false);
    expect(batch.load(['0102030', 'é'])).toBe(false);
  });

  it('writes what a text means, not what the machine makes of two bytes', () => {
    const batch = new HexBatch(8);
    expect(batch.load(['0123456789abcdef'])).toBe(true);
    expect(bytesOf(decoded(batch, 8) ?? '')).toEqual(
      Uint8Array.of(0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef),
    );
  });
});
