import { describe, expect, it } from 'vitest';
import { derSequence, derTime, derUnsigned } from '../../../src/codec/index.ts';
import { MAX_CRL_ENTRIES, parseCrl, type CrlEntry } from '../../../src/x509/index.ts';
import { readCrlEntries } from '../../../src/x509/crl-entries.ts';
import { makeTestPki } from '../../support/pki.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const pki = makeTestPki();
const serialOf = (i: number): string => `40${i.toString(16).padStart(30, '0')}`;

function* manyEntries(count: number): Generator<CrlEntry> {
  for (let i = 0; i < count; i++) {
    yield { serialHex: serialOf(i), revokedAt: pki.now, reason: 'superseded', invalidityDate: undefined };
  }
}

/** The same bytes over and over. */
function repeated(bytes: Uint8Array, count: number): Uint8Array {
  const all = new Uint8Array(bytes.length * count);
  all.set(bytes);
  for (let filled = bytes.length; filled < all.length; filled *= 2) all.copyWithin(filled, 0, filled);
  return all;
}

describe('large CRLs', () => {
  it('give back any of 100,000 entries by its serial', () => {
    const { entries } = valueOf(parseCrl(pki.crl({ number: 1, revoked: [...manyEntries(100_000)] })));
    expect(entries.size).toBe(100_000);
    for (let i = 0; i < 100_000; i += 100) expect(entries.find(serialOf(i))?.serialHex).toBe(serialOf(i));
    expect(entries.find(serialOf(100_000))).toBeUndefined();
  });

  it('are read up to the cap of entries and refused with one more', { timeout: 60_000 }, () => {
    const one = derSequence(derUnsigned(1), derTime(pki.now));
    const tooMany = repeated(one, MAX_CRL_ENTRIES + 1);
    expect(codeOf(readCrlEntries(tooMany))).toBe('LS_X509_CRL_TOO_MANY');
    expect(valueOf(readCrlEntries(tooMany.subarray(one.length))).entries.size).toBe(MAX_CRL_ENTRIES);
  });
});
