import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unixMs } from '../../src/std/index.ts';
import {
  formatIp,
  parseCertificate,
  parseCrl,
  parseCsr,
  parseIp,
  signCsr,
  type CrlEntry,
  encodeName,
  reasonOfCode,
} from '../../src/x509/index.ts';
import { testKey } from '../support/crypto.ts';
import { makeTestPki } from '../support/pki.ts';
import { valueOf } from '../support/result.ts';

const pki = makeTestPki();
const certificates = [
  pki.root.der,
  pki.issuing.der,
  pki.node('alpha', { hosts: ['a.example.test', '::1'], crlUrls: ['http://ca/a'] }).der,
];
const csr = signCsr({ subject: encodeName({ commonName: 'alpha' }), challengePassword: 'x' }, testKey());
const crl = pki.crl({
  number: 3,
  revoked: [pki.node('beta'), pki.node('gamma')],
  distributionPoint: ['http://ca/a'],
});

/** Some bytes of a valid input replaced, removed or inserted. */
function damaged(input: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(input.length - 1),
    remove: fc.nat(3),
    insert: fc.uint8Array({ maxLength: 3 }),
  });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) =>
    changes.reduce((bytes, { at, remove, insert }) => {
      const cut = Math.min(at, bytes.length);
      return Uint8Array.from([...bytes.subarray(0, cut), ...insert, ...bytes.subarray(cut + remove)]);
    }, input),
  );
}

const RUNS = { numRuns: 3000 };

describe('X.509 parsers, for any input', () => {
  it('never throw on damaged certificates, and what they accept keeps its bytes', () => {
    fc.assert(
      fc.property(fc.oneof(...certificates.map(damaged)), (bytes) => {
        const parsed = parseCertificate(bytes);
        if (parsed.ok) expect(parsed.value.der).toEqual(bytes);
      }),
      RUNS,
    );
  });

  it('never throw on damaged requests', () => {
    fc.assert(
      fc.property(damaged(csr), (bytes) => {
        parseCsr(bytes);
      }),
      RUNS,
    );
  });

  it('never throw on damaged CRLs, and what they accept can be walked and searched', () => {
    fc.assert(
      fc.property(damaged(crl), (bytes) => {
        const parsed = parseCrl(bytes);
        if (!parsed.ok) return;
        const { entries } = parsed.value;
        const all = [...entries];
        expect(all).toHaveLength(entries.size);
        for (const { serialHex } of all) expect(entries.find(serialHex)?.serialHex).toBe(serialHex);
      }),
      RUNS,
    );
  });

  it('never throw on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parseCertificate(bytes);
        parseCsr(bytes);
        parseCrl(bytes);
      }),
      RUNS,
    );
  });
});

describe('CRLs, for any entries', () => {
  const second = fc.integer({ min: 0, max: 4_000_000_000 }).map((value) => unixMs(value * 1000));
  const entry: fc.Arbitrary<CrlEntry> = fc.record({
    serialHex: fc.uint8Array({ minLength: 0, maxLength: 19 }).map(
      (rest) =>
        `4${Buffer.of(1, ...rest)
          .toString('hex')
          .slice(1)}`,
    ),
    revokedAt: second,
    reason: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, 9, 10).map((code) => reasonOfCode(code) ?? 'unspecified'),
    invalidityDate: fc.option(second, { nil: undefined }),
  });

  it('give back what was written, in order and by serial', () => {
    const entries = fc.uniqueArray(entry, { selector: ({ serialHex }) => serialHex, maxLength: 60 });
    fc.assert(
      fc.property(entries, (revoked) => {
        const read = valueOf(parseCrl(pki.crl({ number: 1, revoked }))).entries;
        expect([...read]).toEqual(revoked);
        for (const expected of revoked) expect(read.find(expected.serialHex)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});

describe('IP addresses, for any bytes', () => {
  it('are read from their canonical text', () => {
    const address = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(address, (bytes) => {
        expect(parseIp(formatIp(bytes))).toEqual(bytes);
      }),
      RUNS,
    );
  });
});
