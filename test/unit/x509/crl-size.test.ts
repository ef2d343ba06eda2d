import { describe, expect, it } from 'vitest';
import { concatBytes, unixMs } from '../../../src/std/index.ts';
import { derElement, derSequence, derTag, derTime, derUnsigned } from '../../../src/codec/index.ts';
import { MAX_CRL_ENTRIES, parseCrl, type CrlEntry } from '../../../src/x509/index.ts';
import { editDer } from '../../support/der-surgery.ts';
import { makeTestPki } from '../../support/pki.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const pki = makeTestPki();

function* manyEntries(count: number): Generator<CrlEntry> {
  for (let i = 0; i < count; i++) {
    const serialHex = `40${i.toString(16).padStart(30, '0')}`;
    yield { serialHex, revokedAt: unixMs(pki.now), reason: 'superseded', invalidityDate: undefined };
  }
}

describe('large CRLs', () => {
  it('finds entries among 200,000 without going through all of them', () => {
    const der = pki.crl({ number: 1, revoked: manyEntries(200_000) });
    const crl = valueOf(parseCrl(der));
    expect(crl.entries.size).toBe(200_000);
    const started = performance.now();
    for (let i = 0; i < 200_000; i += 100) {
      expect(crl.entries.find(`40${i.toString(16).padStart(30, '0')}`)?.reason).toBe('superseded');
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('reads as many entries as its cap and refuses one more', () => {
    const one = derSequence(derUnsigned(1), derTime(pki.now));
    const content = new Uint8Array(one.length * (MAX_CRL_ENTRIES + 1));
    for (let i = 0; i <= MAX_CRL_ENTRIES; i++) content.set(one, i * one.length);
    const withContent = (bytes: Uint8Array): Uint8Array =>
      editDer(pki.crl({ number: 1 }), [0, 4], (nextUpdate) =>
        concatBytes(nextUpdate, derElement(derTag.sequence, bytes)),
      );
    expect(codeOf(parseCrl(withContent(content)))).toBe('LS_X509_CRL_TOO_MANY');
    const full = valueOf(parseCrl(withContent(content.subarray(one.length))));
    expect(full.entries.size).toBe(MAX_CRL_ENTRIES);
  });
});
