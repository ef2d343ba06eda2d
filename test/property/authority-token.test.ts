import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeToken, encodeToken, MAX_TOKEN_URL_BYTES, MAX_TOKEN_URLS } from '../../src/authority/index.ts';
import { encodeBase64Url } from '../../src/codec/index.ts';
import { parseNodeName, toHex, utf8 } from '../../src/std/index.ts';
import { codeOf, valueOf } from '../support/result.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const name = fc
  .stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
  .map((text) => parseNodeName(text))
  .filter((parsed) => parsed !== undefined);
const url = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .filter((text) => utf8(text).length <= MAX_TOKEN_URL_BYTES);
const token = fc.record({
  urls: fc.array(url, { minLength: 1, maxLength: MAX_TOKEN_URLS }),
  rootSha256: bytes(32),
  tokenId: bytes(16).map(toHex),
  secret: bytes(32),
  name,
});

describe('enrollment tokens', () => {
  it('read back as they were written, and every one has one text', () => {
    fc.assert(
      fc.property(token, (written) => {
        const text = encodeToken(written);
        const read = valueOf(decodeToken(text));
        expect(read).toEqual(written);
        expect(encodeToken(read)).toBe(text);
      }),
    );
  });

  it('are refused or mean the same when a character was changed', () => {
    fc.assert(
      fc.property(token, fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (written, at, character) => {
        const text = encodeToken(written);
        const index = at % text.length;
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        const read = decodeToken(changed);
        if (read.ok) expect(encodeToken(read.value)).toBe(changed);
        else expect(read.error.code).toBe('LS_TOKEN_MALFORMED');
      }),
    );
  });

  it('are never made out of noise', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.uint8Array({ maxLength: 200 }).map(encodeBase64Url)), (noise) => {
        expect(codeOf(decodeToken(noise))).toBe('LS_TOKEN_MALFORMED');
        expect(codeOf(decodeToken(`ls1.${noise}`))).toBe('LS_TOKEN_MALFORMED');
      }),
    );
  });
});
