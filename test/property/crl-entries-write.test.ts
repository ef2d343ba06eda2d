import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, unixMs, type UnixMs } from '../../src/std/index.ts';
import { derElement, derSequence, derTag, derUnsigned } from '../../src/codec/index.ts';
import type { CrlEntry } from '../../src/x509/index.ts';
import { codeOfReason } from '../../src/x509/crl-entry.ts';
import { encodeExtension } from '../../src/x509/extensions-write.ts';
import { oids } from '../../src/x509/oids.ts';
import { measureCrlEntries, writeCrlEntries } from '../../src/x509/crl-entries-write.ts';

/* The writer goes to lengths to be fast; here it stands against one that joins an element at a time. */

const anySerial = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const YEAR_0_MS = Date.UTC(2000, 0, 1) - 730_485 * 86_400_000;
const anyTime = fc
  .oneof(
    fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) }),
    fc.integer({ min: Date.UTC(1949, 0, 1), max: Date.UTC(2051, 0, 1) }),
    fc.integer({ min: YEAR_0_MS, max: Date.UTC(9999, 11, 31) }),
  )
  .map(unixMs);
const anyEntry: fc.Arbitrary<CrlEntry> = fc.record({
  serialHex: anySerial,
  revokedAt: anyTime,
  reason: fc.constantFrom(
    'unspecified',
    'keyCompromise',
    'cACompromise',
    'affiliationChanged',
    'superseded',
    'cessationOfOperation',
    'certificateHold',
    'removeFromCRL',
    'privilegeWithdrawn',
    'aACompromise',
  ),
  invalidityDate: fc.option(anyTime, { nil: undefined, freq: 3 }),
});

function naive({ serialHex, revokedAt, reason, invalidityDate }: CrlEntry): Uint8Array {
  const code = derUnsigned(codeOfReason(reason), derTag.enumerated);
  const extensions = [
    ...(reason === 'unspecified' ? [] : [encodeExtension(oids.reasonCode, false, code)]),
    ...(invalidityDate === undefined
      ? []
      : [encodeExtension(oids.invalidityDate, false, naiveTime(invalidityDate, true))]),
  ];
  return derSequence(
    derElement(derTag.integer, fromHex(serialHex) ?? new Uint8Array()),
    naiveTime(revokedAt, false),
    ...(extensions.length === 0 ? [] : [derSequence(...extensions)]),
  );
}

/** By way of the platform's own calendar. */
function naiveTime(time: UnixMs, isGeneralized: boolean): Uint8Array {
  const text = new Date(time).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const year = Number(text.slice(0, 4));
  const isUtc = !isGeneralized && year >= 1950 && year < 2050;
  return derElement(
    isUtc ? derTag.utcTime : derTag.generalizedTime,
    new Uint8Array(Buffer.from(isUtc ? text.slice(2) : text)),
  );
}

function written(entries: readonly CrlEntry[]): Uint8Array {
  const bytes = new Uint8Array(measureCrlEntries(entries));
  expect(writeCrlEntries(entries, bytes, 0)).toBe(bytes.length);
  return bytes;
}

const good: CrlEntry = {
  serialHex: '40ab',
  revokedAt: unixMs(1_700_000_000_000),
  reason: 'superseded',
  invalidityDate: undefined,
};

describe('the writer of CRL entries', () => {
  it('writes what joining one element at a time gives', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 200, size: 'max' }), (entries) => {
        expect(Buffer.compare(written(entries), concatBytes(...entries.map(naive)))).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it.each([0, 1, 63, 64, 65, 127, 128, 129, 1_000])('writes all of %i entries, also of a Set', (count) => {
    const entries = Array.from({ length: count }, (_, at) => ({
      ...good,
      serialHex: `40${at.toString(16).padStart(6, '0')}`,
    }));
    const expected = concatBytes(...entries.map(naive));
    expect(written(entries)).toEqual(expected);
    const bytes = new Uint8Array(expected.length + 3);
    expect(writeCrlEntries(new Set(entries), bytes.subarray(2), 1)).toBe(expected.length + 1);
    expect(bytes.subarray(3)).toEqual(expected);
  });

  it('refuses a serial that is none, wherever it stands, and names it', () => {
    const wrong = [
      '',
      '4',
      '401',
      '4g',
      'AB',
      ' 1',
      '0x',
      '1é',
      'é',
      '€€',
      '\u0130\u0141',
      'a\0',
      'ab'.repeat(21),
    ];
    for (const serialHex of wrong) {
      for (const at of [0, 1, 63, 64, 99]) {
        const entries = Array.from({ length: 100 }, () => good);
        entries[at] = { ...good, serialHex };
        const write = () => writeCrlEntries(entries, new Uint8Array(10_000), 0);
        expect(write).toThrow(RangeError);
        expect(write).toThrow(`not a serial number: ${serialHex}`);
      }
    }
  });

  it('refuses a date whose year has not four digits', () => {
    for (const time of [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      YEAR_0_MS - 1,
      253_402_300_800_000,
      -(2 ** 31) * 86_400_000,
    ]) {
      const entries = [{ ...good, revokedAt: unixMs(time) }];
      expect(() => writeCrlEntries(entries, new Uint8Array(100), 0)).toThrow(RangeError);
    }
  });
});
