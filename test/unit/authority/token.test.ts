import { describe, expect, it } from 'vitest';
import {
  decodeToken,
  encodeToken,
  MAX_TOKEN_CHARACTERS,
  MAX_TOKEN_URL_BYTES,
  MAX_TOKEN_URLS,
  tokenBinding,
  type EnrollmentToken,
} from '../../../src/authority/index.ts';
import { encodeBase64Url, encodeCbor, type CborValue } from '../../../src/codec/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { testName } from '../../support/store-rows.ts';

const TOKEN: EnrollmentToken = {
  urls: ['https://ca.mesh.internal:8440', 'https://[2001:db8::1]:8440'],
  rootSha256: new Uint8Array(32).fill(1),
  tokenId: '02'.repeat(16),
  secret: new Uint8Array(32).fill(3),
  name: testName('alpha'),
};
const FIELDS: readonly CborValue[] = [
  1,
  [...TOKEN.urls],
  TOKEN.rootSha256,
  new Uint8Array(16).fill(2),
  TOKEN.secret,
  'alpha',
];

function textOf(fields: readonly CborValue[]): string {
  return `ls1.${encodeBase64Url(encodeCbor(fields))}`;
}

function withField(index: number, value: CborValue): string {
  return textOf(FIELDS.map((field, at) => (at === index ? value : field)));
}

describe('an enrollment token', () => {
  it('reads back as it was written', () => {
    expect(encodeToken(TOKEN)).toBe(textOf(FIELDS));
    expect(valueOf(decodeToken(encodeToken(TOKEN)))).toEqual(TOKEN);
  });

  it('fits its longest content', () => {
    const url = `https://${'h'.repeat(MAX_TOKEN_URL_BYTES - 8)}`;
    const longest = {
      ...TOKEN,
      urls: Array.from({ length: MAX_TOKEN_URLS }, () => url),
      name: testName('n'.repeat(63)),
    };
    expect(encodeToken(longest).length).toBeLessThanOrEqual(MAX_TOKEN_CHARACTERS);
    expect(valueOf(decodeToken(encodeToken(longest)))).toEqual(longest);
  });

  const damaged: readonly (readonly [string, string])[] = [
    ['an empty text', ''],
    ['another prefix', encodeToken(TOKEN).replace('ls1.', 'ls2.')],
    ['a line break', `${encodeToken(TOKEN)}\n`],
    ['a missing character', encodeToken(TOKEN).slice(0, -1)],
    ['a version that does not exist', withField(0, 2)],
    ['no URL', withField(1, [])],
    [
      'one URL too many',
      withField(
        1,
        Array.from({ length: MAX_TOKEN_URLS + 1 }, () => 'https://a'),
      ),
    ],
    ['a URL one byte too long', withField(1, ['u'.repeat(MAX_TOKEN_URL_BYTES + 1)])],
    ['a root hash of another length', withField(2, new Uint8Array(31))],
    ['a token id of another length', withField(3, new Uint8Array(17))],
    ['a secret of another length', withField(4, new Uint8Array(31))],
    ['a name that is no label', withField(5, 'Alpha')],
    ['a field too many', textOf([...FIELDS, 0])],
    ['a field too few', textOf(FIELDS.slice(0, -1))],
    ['one character too many', `ls1.${'A'.repeat(MAX_TOKEN_CHARACTERS)}`],
  ];
  it.each(damaged)('is refused with %s', (_, text) => {
    expect(codeOf(decodeToken(text))).toBe('LS_TOKEN_MALFORMED');
  });

  it('is bound to a key by a value that another key or another secret does not give', () => {
    const [one, other] = [testKey(), testKey()];
    const binding = tokenBinding(testCrypto, TOKEN.secret, one.spki);
    expect(binding).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(tokenBinding(testCrypto, TOKEN.secret, other.spki)).not.toBe(binding);
    expect(tokenBinding(testCrypto, new Uint8Array(32), one.spki)).not.toBe(binding);
  });
});
