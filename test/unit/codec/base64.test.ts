import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from '../../../src/codec/index.ts';

describe('base64', () => {
  it('agrees with node for every length up to 70', () => {
    for (let length = 0; length <= 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff);
      const text = Buffer.from(bytes).toString('base64');
      const urlText = Buffer.from(bytes).toString('base64url');
      expect(encodeBase64(bytes)).toBe(text);
      expect(encodeBase64Url(bytes)).toBe(urlText);
      expect(decodeBase64(text)).toEqual(bytes);
      expect(decodeBase64Url(urlText)).toEqual(bytes);
    }
  });

  it.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    'A===',
    'AAAA=',
    'AAA=====',
    '====',
    '=AAA',
    'AB==',
    'AAB=',
    'A-A=',
    'A A=',
    'AAAA\n',
  ])('refuses %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });

  it.each(['A', 'AA==', 'AB', 'AAB', 'A+', 'A/A', 'A A'])('refuses %j as base64url', (text) => {
    expect(decodeBase64Url(text)).toBeUndefined();
  });
});
