import { describe, expect, it } from 'vitest';
import {
  derContext,
  derElement,
  derGeneralizedTime,
  derNull,
  derOid,
  derSequence,
  derTag,
  derTime,
  derUnsigned,
} from '../../../src/codec/index.ts';
import { unixMs } from '../../../src/std/index.ts';
import {
  codeOfReason,
  encodeExtension,
  isCrlReason,
  MAX_CRL_BYTES,
  parseCrl,
  reasonOfCode,
  verifySigned,
  type CrlEntry,
  type CrlReason,
} from '../../../src/x509/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { editDer } from '../../support/der-surgery.ts';
import { freshSerial, makeTestPki } from '../../support/pki.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const pki = makeTestPki();
const entry = (reason: CrlReason, invalidityDate?: number): CrlEntry => ({
  serialHex: freshSerial(),
  revokedAt: pki.now,
  reason,
  invalidityDate: invalidityDate === undefined ? undefined : unixMs(invalidityDate),
});
const entries = [
  entry('unspecified'),
  entry('keyCompromise', pki.now - 86_400_000),
  entry('unspecified', pki.now - 86_400_000),
  ...([1, 2, 3, 4, 5, 6, 8, 9, 10] as const).map((code) => entry(reasonOfCode(code) ?? 'unspecified')),
];
const full = pki.crl({
  number: 7,
  revoked: entries,
  distributionPoint: ['http://ca/a.crl'],
  freshestCrl: ['http://ca/d.crl'],
});
const delta = pki.deltaCrl({ number: 8, base: 7, revoked: entries.slice(0, 2) });

/** Positions in a CRL with entries. */
const at = {
  version: [0, 0],
  algorithm: [0, 1],
  issuer: [0, 2],
  thisUpdate: [0, 3],
  nextUpdate: [0, 4],
  revoked: [0, 5],
  extensions: [0, 6],
} as const;

describe('parseCrl', () => {
  it('reads a full CRL with all its entries', () => {
    const crl = valueOf(parseCrl(full));
    expect(crl.issuer).toEqual(pki.issuing.certificate.subject);
    expect(crl).toMatchObject({
      thisUpdate: pki.now,
      nextUpdate: pki.now + 3 * 86_400_000,
      unknownCriticalEntryExtensions: [],
      extensions: {
        authorityKeyId: {
          critical: false,
          value: { keyId: pki.issuing.certificate.extensions.subjectKeyId?.value },
        },
        crlNumber: { critical: false, value: 7 },
        deltaCrlIndicator: undefined,
        issuingDistributionPoint: {
          critical: true,
          value: {
            fullName: [{ kind: 'uri', value: 'http://ca/a.crl' }],
            indirect: false,
            onlySomeReasons: false,
          },
        },
        freshestCrl: { critical: false, value: [{ fullName: [{ kind: 'uri', value: 'http://ca/d.crl' }] }] },
        unknown: [],
      },
    });
    expect(crl.entries.size).toBe(entries.length);
    expect([...crl.entries]).toEqual(entries);
    expect(verifySigned(testCrypto, crl, pki.issuing.key.spki)).toBe(true);
    expect(verifySigned(testCrypto, crl, pki.root.key.spki)).toBe(false);
  });

  it('reads a delta CRL with its critical base number', () => {
    expect(valueOf(parseCrl(delta)).extensions.deltaCrlIndicator).toEqual({ critical: true, value: 7 });
  });

  it('finds every entry by its serial and nothing else', () => {
    const { entries: found } = valueOf(parseCrl(full));
    for (const expected of entries) expect(found.find(expected.serialHex)).toEqual(expected);
    expect(found.find(freshSerial())).toBeUndefined();
    expect(found.find('')).toBeUndefined();
    expect(found.find('not hex')).toBeUndefined();
  });

  it('finds the first of two entries with one serial', () => {
    const [first, second] = [entry('superseded'), entry('keyCompromise')];
    const twice = pki.crl({ number: 1, revoked: [first, { ...second, serialHex: first.serialHex }] });
    expect(valueOf(parseCrl(twice)).entries.find(first.serialHex)?.reason).toBe('superseded');
  });

  it('reads a CRL without entries and without nextUpdate', () => {
    const empty = pki.crl({ number: 1 });
    expect([...valueOf(parseCrl(empty)).entries]).toEqual([]);
    expect(valueOf(parseCrl(empty)).entries.find('01')).toBeUndefined();
    expect(valueOf(parseCrl(editDer(empty, at.nextUpdate, () => null))).nextUpdate).toBeUndefined();
  });

  it('reads serials of every length from 1 to 20 bytes', () => {
    const serials = Array.from({ length: 20 }, (_, i) => `01${'ab'.repeat(i)}`);
    const revoked = serials.map((serialHex) => ({ ...entry('superseded'), serialHex }));
    const { entries: found } = valueOf(parseCrl(pki.crl({ number: 1, revoked })));
    expect([...found].map(({ serialHex }) => serialHex)).toEqual(serials);
    for (const serialHex of serials) expect(found.find(serialHex)?.serialHex).toBe(serialHex);
  });

  it('reads entries revoked in 2050 and later', () => {
    const later = { ...entry('superseded'), revokedAt: unixMs(Date.parse('2055-01-01T00:00:00Z')) };
    const { entries: found } = valueOf(
      parseCrl(pki.crl({ number: 1, revoked: [later, entries[0] ?? later] })),
    );
    expect(found.size).toBe(2);
    expect(found.find(later.serialHex)).toEqual(later);
  });

  it('names critical entry extensions that it does not know, and ignores others', () => {
    const withExtension = (critical: boolean) =>
      editDer(full, at.revoked, () =>
        derSequence(
          derSequence(
            derUnsigned(5),
            derTime(pki.now),
            derSequence(encodeExtension('2.5.29.29', critical, derNull())),
          ),
        ),
      );
    expect(valueOf(parseCrl(withExtension(true))).unknownCriticalEntryExtensions).toEqual(['2.5.29.29']);
    expect(valueOf(parseCrl(withExtension(false))).unknownCriticalEntryExtensions).toEqual([]);
  });

  it('keeps unknown extensions of the CRL', () => {
    const unknown = derContext(0, derSequence(encodeExtension('1.2.3', true, derNull())));
    expect(valueOf(parseCrl(editDer(full, at.extensions, () => unknown))).extensions.unknown).toMatchObject([
      { oid: '1.2.3', critical: true },
    ]);
  });

  const revoked =
    (...members: readonly Uint8Array[]) =>
    () =>
      derSequence(derSequence(...members));
  const reason = (value: Uint8Array) => derSequence(encodeExtension('2.5.29.21', false, value));
  const crlExtension = (oid: string, value: Uint8Array) => () =>
    derContext(0, derSequence(encodeExtension(oid, false, value)));
  const refusals: readonly [string, string, readonly number[], (element: Uint8Array) => Uint8Array | null][] =
    [
      ['version 3', 'LS_X509_VERSION', at.version, () => derUnsigned(2)],
      ['extensions in version 1', 'LS_DER_TRAILING', at.version, () => null],
      [
        'another algorithm inside',
        'LS_X509_ALGORITHM_MISMATCH',
        at.algorithm,
        () => derSequence(derOid('1.3.101.112')),
      ],
      ['no thisUpdate', 'LS_DER_TIME', at.thisUpdate, () => derNull()],
      ['an empty list of entries', 'LS_DER_COUNT', at.revoked, () => derSequence()],
      ['an entry without a date', 'LS_DER_TRUNCATED', at.revoked, revoked(derUnsigned(1))],
      ['an entry without a serial', 'LS_DER_TAG', at.revoked, revoked(derTime(pki.now))],
      [
        'an entry with a padded serial',
        'LS_DER_INTEGER',
        at.revoked,
        revoked(derElement(2, Uint8Array.of(0, 1)), derTime(pki.now)),
      ],
      [
        'an entry with a serial of 21 bytes',
        'LS_DER_INTEGER',
        at.revoked,
        revoked(derElement(2, new Uint8Array(21).fill(1)), derTime(pki.now)),
      ],
      [
        'an entry with an empty serial',
        'LS_DER_INTEGER',
        at.revoked,
        revoked(derElement(2), derTime(pki.now)),
      ],
      [
        'an entry with an impossible date',
        'LS_DER_TIME',
        at.revoked,
        revoked(derUnsigned(1), derElement(derTag.utcTime, new TextEncoder().encode('259901000000Z'))),
      ],
      [
        'an entry with GeneralizedTime before 2050',
        'LS_DER_TIME',
        at.revoked,
        revoked(derUnsigned(1), derGeneralizedTime(pki.now)),
      ],
      [
        'an entry with empty extensions',
        'LS_DER_COUNT',
        at.revoked,
        revoked(derUnsigned(1), derTime(pki.now), derSequence()),
      ],
      [
        'reason 7',
        'LS_X509_CRL_ENTRY',
        at.revoked,
        revoked(derUnsigned(1), derTime(pki.now), reason(derUnsigned(7, derTag.enumerated))),
      ],
      [
        'reason 11',
        'LS_X509_CRL_ENTRY',
        at.revoked,
        revoked(derUnsigned(1), derTime(pki.now), reason(derUnsigned(11, derTag.enumerated))),
      ],
      [
        'a reason that is an INTEGER',
        'LS_DER_TAG',
        at.revoked,
        revoked(derUnsigned(1), derTime(pki.now), reason(derUnsigned(1))),
      ],
      [
        'an invalidity date in UTCTime',
        'LS_DER_TAG',
        at.revoked,
        revoked(
          derUnsigned(1),
          derTime(pki.now),
          derSequence(encodeExtension('2.5.29.24', false, derTime(pki.now))),
        ),
      ],
      [
        'the same entry extension twice',
        'LS_X509_DUPLICATE_EXTENSION',
        at.revoked,
        revoked(
          derUnsigned(1),
          derTime(pki.now),
          derSequence(encodeExtension('1.2.3', false, derNull()), encodeExtension('1.2.3', false, derNull())),
        ),
      ],
      [
        'something after the extensions of an entry',
        'LS_DER_TRAILING',
        at.revoked,
        revoked(derUnsigned(1), derTime(pki.now), reason(derUnsigned(1, derTag.enumerated)), derNull()),
      ],
      [
        'an entry that is cut off',
        'LS_DER_TRUNCATED',
        at.revoked,
        () => derElement(derTag.sequence, Uint8Array.of(0x30, 20, 2, 1, 1)),
      ],
      [
        'a single stray byte among the entries',
        'LS_DER_TRUNCATED',
        at.revoked,
        () => derElement(derTag.sequence, Uint8Array.of(0x30)),
      ],
      ['something that is no entry', 'LS_DER_TAG', at.revoked, () => derSequence(derNull())],
      [
        'an entry beyond the cap of one entry',
        'LS_DER_TRUNCATED',
        at.revoked,
        revoked(derUnsigned(1), derTime(pki.now), derElement(4, new Uint8Array(5000))),
      ],
      [
        'a negative CRL number',
        'LS_DER_INTEGER',
        at.extensions,
        crlExtension('2.5.29.20', derElement(2, Uint8Array.of(0xff))),
      ],
      [
        'a CRL number beyond safe integers',
        'LS_DER_INTEGER',
        at.extensions,
        crlExtension('2.5.29.20', derElement(2, Uint8Array.of(0x20, 0, 0, 0, 0, 0, 0))),
      ],
      [
        'a malformed distribution point',
        'LS_DER_BOOLEAN',
        at.extensions,
        crlExtension('2.5.29.28', derSequence(derElement(0x81, Uint8Array.of(0)))),
      ],
      [
        'something after the extensions',
        'LS_DER_TRAILING',
        [0],
        (tbs) => derElement(derTag.sequence, tbs.subarray(4), derNull()),
      ],
    ];

  it.each(refusals)('refuses %s', (_, code, path, edit) => {
    expect(codeOf(parseCrl(editDer(full, path, edit)))).toBe(code);
  });

  it('refuses every truncation', () => {
    for (let length = 0; length < full.length; length++)
      expect(parseCrl(full.subarray(0, length)).ok).toBe(false);
  });

  it('refuses one byte above its cap', () => {
    expect(codeOf(parseCrl(new Uint8Array(MAX_CRL_BYTES + 1)))).toBe('LS_DER_TOO_LARGE');
  });
});

describe('CRL reasons', () => {
  it('have the codes of RFC 5280', () => {
    expect(reasonOfCode(1)).toBe('keyCompromise');
    expect(reasonOfCode(7)).toBeUndefined();
    expect(reasonOfCode(8)).toBe('removeFromCRL');
    expect(reasonOfCode(11)).toBeUndefined();
    expect(codeOfReason('aACompromise')).toBe(10);
    expect(isCrlReason('superseded')).toBe(true);
    expect(isCrlReason('because')).toBe(false);
  });
});

describe('signCrl', () => {
  it.each(['', 'zz', '0', 'ab'.repeat(21)])('does not write the serial %j', (serialHex) => {
    expect(() => pki.crl({ number: 1, revoked: [{ ...entry('superseded'), serialHex }] })).toThrow(
      RangeError,
    );
  });
});
