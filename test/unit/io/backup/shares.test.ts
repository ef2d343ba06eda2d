import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backupIdOf,
  combineShares,
  decodeShare,
  encodeShare,
  MAX_SHARE_CHARACTERS,
  MAX_SHARES,
  parseSharing,
  SHARE_CHARACTERS,
  splitSecret,
  type Share,
  type Sharing,
} from '../../../../src/io/index.ts';
import { evaluate, inverse, multiply, weightsAt } from '../../../../src/io/backup/gf256.ts';
import { fromHex, toHex, utf8, type Fault, type Random, type Result } from '../../../../src/std/index.ts';
import { testCrypto } from '../../../support/crypto.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const ID = backupIdOf(new Uint8Array(32).fill(7));
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const sharing: fc.Arbitrary<Sharing> = fc
  .record({ threshold: fc.integer({ min: 2, max: 8 }), more: fc.integer({ min: 0, max: 6 }) })
  .map(({ threshold, more }) => ({ threshold, count: threshold + more }));

/** Bytes that follow from a seed, and are as good as random. */
function randomOf(seed: string): Random {
  let counter = 0;
  return {
    bytes(length) {
      const out = new Uint8Array(length);
      for (let i = 0; i < length; i++) out[i] = testCrypto.sha256(utf8(`${seed}${counter++}`))[0] ?? 0;
      return out;
    },
  };
}

function shares(secret: Uint8Array, how: Sharing, seed = 'seed', id = ID): readonly Share[] {
  return splitSecret(secret, how, id, randomOf(seed));
}

const secretOf = (parts: readonly Share[]): Result<Uint8Array, Fault> => {
  const combined = combineShares(parts.map(encodeShare));
  return combined.ok ? { ok: true, value: combined.value.secret } : combined;
};

describe('the field', () => {
  it('multiplies as FIPS 197 has it, and every byte but 0 has its inverse', () => {
    expect(multiply(0x57, 0x83)).toBe(0xc1);
    expect(multiply(0x57, 0x13)).toBe(0xfe);
    for (let a = 1; a < 256; a++) expect(multiply(a, inverse(a))).toBe(1);
    expect(inverse(0)).toBe(0);
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, byte, (a, b, c) => {
        expect(multiply(a, b)).toBe(multiply(b, a));
        expect(multiply(a, b ^ c)).toBe(multiply(a, b) ^ multiply(a, c));
        expect(multiply(a, multiply(b, c))).toBe(multiply(multiply(a, b), c));
        expect(evaluate(Uint8Array.of(a, b, c), 2)).toBe(a ^ multiply(b, 2) ^ multiply(c, 4));
      }),
    );
    expect(weightsAt(0, [1])).toEqual([1]);
  });
});

describe('shares of a secret', () => {
  it('restore it, any threshold of them in any order, and more', () => {
    fc.assert(
      fc.property(
        bytes32,
        sharing,
        fc.string(),
        fc.array(fc.nat(), { minLength: 14, maxLength: 14 }),
        (secret, how, seed, order) => {
          const made = shares(secret, how, seed);
          const shuffled = made
            .map((share, i) => ({ share, key: order[i] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ share }) => share);
          expect(valueOf(secretOf(shuffled.slice(0, how.threshold)))).toEqual(secret);
          expect(valueOf(secretOf(shuffled))).toEqual(secret);
          expect(codeOf(secretOf(shuffled.slice(0, how.threshold - 1)))).toBe('LS_SHARE_TOO_FEW');
        },
      ),
      { numRuns: 60 },
    );
  });

  it('say nothing when one is missing: whatever the secret were, a share would fit', () => {
    fc.assert(
      fc.property(bytes32, bytes32, fc.integer({ min: 2, max: 6 }), (secret, other, threshold) => {
        const known = shares(secret, { threshold, count: threshold }).slice(1);
        // The polynomial through the known shares and the other secret has a value for the missing one.
        const points = [0, ...known.map(({ index }) => index)];
        const weights = weightsAt(1, points);
        const value = Uint8Array.from(other, (byte, at) =>
          known.reduce(
            (sum, share, i) => sum ^ multiply(weights[i + 1] ?? 0, share.value[at] ?? 0),
            multiply(weights[0] ?? 0, byte),
          ),
        );
        const missing = { backupId: ID, threshold, index: 1, value };
        expect(valueOf(secretOf([missing, ...known]))).toEqual(other);
      }),
      { numRuns: 60 },
    );
  });

  it('look the same for a secret of zeros as for any: each byte of a share is as likely as the others', () => {
    const counts = new Float64Array(256);
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      const [, share] = shares(new Uint8Array(32), { threshold: 2, count: 2 }, `round ${round} `);
      for (const byte of share?.value ?? []) counts[byte] = (counts[byte] ?? 0) + 1;
    }
    const expected = (rounds * 32) / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: 99.99 % of uniform samples are below 347. The seeds are fixed.
    expect(chiSquare).toBeLessThan(347);
  });

  it('are refused when they are of two backups, two thresholds, double, forged, or too few', () => {
    const secret = new Uint8Array(32).fill(9);
    const [a, b, c, d] = shares(secret, { threshold: 3, count: 5 });
    const [, , other] = shares(secret, { threshold: 3, count: 5 }, 'another', backupIdOf(new Uint8Array(32)));
    const [, , lower] = shares(secret, { threshold: 2, count: 5 });
    const [, , again] = shares(secret, { threshold: 3, count: 5 }, 'again');
    if (!a || !b || !c || !d || !other || !lower || !again) throw new Error('too few shares');
    const forged = { ...d, value: d.value.map((byte) => byte ^ 1) };
    const code = (...parts: readonly Share[]) => codeOf(secretOf(parts));
    expect(code(a, b, other)).toBe('LS_SHARE_MIXED');
    expect(code(a, b, lower)).toBe('LS_SHARE_MIXED');
    expect(code(a, b, c, again)).toBe('LS_SHARE_MIXED');
    expect(code(a, b, c, forged)).toBe('LS_SHARE_MIXED');
    expect(code(a, b, a)).toBe('LS_SHARE_DUPLICATE');
    expect(code(a, a, a)).toBe('LS_SHARE_DUPLICATE');
    expect(code(a, b)).toBe('LS_SHARE_TOO_FEW');
    expect(code(a)).toBe('LS_SHARE_TOO_FEW');
    expect(code()).toBe('LS_SHARE_TOO_FEW');
    expect(valueOf(secretOf([a, c, d]))).toEqual(secret);
    // Three that fit in form but not in truth give another secret, which opens nothing.
    expect(valueOf(secretOf([a, b, again]))).not.toEqual(secret);
  });
});

describe('a share as text', () => {
  const anyShare: fc.Arbitrary<Share> = fc.record({
    backupId: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    threshold: fc.integer({ min: 2, max: 64 }),
    index: fc.integer({ min: 1, max: 64 }),
    value: bytes32,
  });
  const text = encodeShare({ backupId: ID, threshold: 2, index: 1, value: new Uint8Array(32) });

  it('is of one length, reads back, and forgives case, blanks and hyphens', () => {
    fc.assert(
      fc.property(anyShare, (share) => {
        const written = encodeShare(share);
        expect(written).toMatch(/^lss1(?:-[a-z2-7]{5}){16}$/);
        expect(written).toHaveLength(SHARE_CHARACTERS);
        expect(valueOf(decodeShare(written))).toEqual(share);
        expect(valueOf(decodeShare(` ${written.toUpperCase().replaceAll('-', ' \n')}\n`))).toEqual(share);
      }),
    );
  });

  it('is refused after any single slip of a hand', () => {
    for (let at = 0; at < text.length; at++) {
      if (text[at] === '-') continue;
      const slip = text[at] === 'x' ? 'y' : 'x';
      const read = decodeShare(text.slice(0, at) + slip + text.slice(at + 1));
      expect(codeOf(read)).toBe(at < 4 ? 'LS_SHARE_FORMAT' : 'LS_SHARE_DAMAGED');
    }
    for (let at = 5; at + 1 < text.length; at++) {
      const [a = '', b = ''] = text.slice(at, at + 2);
      if (a === b || a === '-' || b === '-') continue;
      const swapped = text.slice(0, at) + b + a + text.slice(at + 2);
      expect(codeOf(decodeShare(swapped))).toBe('LS_SHARE_DAMAGED');
    }
  });

  it.each([
    ['nothing', ''],
    ['another version', text.replace('lss1', 'lss2')],
    ['a group too few', text.slice(0, -6)],
    ['a group too many', `${text}-aaaaa`],
    ['a character of no base32', text.replace(/.$/, '1')],
    ['a letter of another script', text.replace(/.$/, 'а')],
    ['more than is read', text + ' '.repeat(MAX_SHARE_CHARACTERS)],
  ])('is refused with %s', (_, given) => {
    expect(codeOf(decodeShare(given))).toBe('LS_SHARE_FORMAT');
  });

  it.each([
    ['threshold 0', { threshold: 0 }],
    ['threshold 1', { threshold: 1 }],
    ['threshold 65', { threshold: MAX_SHARES + 1 }],
    ['index 0, where the secret is', { index: 0 }],
    ['index 65', { index: MAX_SHARES + 1 }],
  ])('is refused with %s, though its check is right', (_, change) => {
    const share = { backupId: ID, threshold: 2, index: 1, value: new Uint8Array(32), ...change };
    expect(codeOf(decodeShare(encodeShare(share)))).toBe('LS_SHARE_FORMAT');
  });

  it('never makes the reader fail', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), (given) => {
        expect(decodeShare(given).ok).toBe(false);
        expect(decodeShare(`lss1${given}`).ok).toBe(false);
      }),
    );
  });
});

it('reads how many shares there are to be, within bounds', () => {
  expect(valueOf(parseSharing('3/5'))).toEqual({ threshold: 3, count: 5 });
  expect(valueOf(parseSharing('2/2'))).toEqual({ threshold: 2, count: 2 });
  expect(valueOf(parseSharing('64/64'))).toEqual({ threshold: 64, count: MAX_SHARES });
  for (const bad of [
    '1/3',
    '0/3',
    '4/3',
    '3',
    '3/',
    '/3',
    '3/65',
    '03/5',
    '3/5 ',
    '3/5/7',
    '-3/5',
    '2/100',
    '',
  ])
    expect(codeOf(parseSharing(bad))).toBe('LS_SHARE_NUMBERS');
});

it('writes the shares that docs/FORMATS.md shows', () => {
  const page = readFileSync(join(root, 'docs', 'FORMATS.md'), 'utf8');
  const field = (name: string): string => new RegExp(`^${name} += ([0-9a-f]+)$`, 'm').exec(page)?.[1] ?? '';
  const coefficients = [field('c1'), field('c2')].map((hex) => fromHex(hex) ?? new Uint8Array());
  let at = 0;
  const random = { bytes: () => Uint8Array.from(coefficients, (each) => each[at] ?? 0) };
  const perByte: Random = {
    bytes() {
      const bytes = random.bytes();
      at += 1;
      return bytes;
    },
  };
  const secret = fromHex(field('secret')) ?? new Uint8Array();
  const id = backupIdOf(fromHex(field('salt')) ?? new Uint8Array());
  expect(toHex(id)).toBe(field('id'));
  const made = splitSecret(secret, { threshold: 3, count: 4 }, id, perByte).map(encodeShare);
  expect(made).toEqual(page.match(/^lss1(?:-[a-z2-7]{5}){16}$/gm));
  expect(valueOf(combineShares(made.slice(1))).secret).toEqual(secret);
});
