import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unixMs } from '../../src/std/index.ts';
import type { CrlEntry } from '../../src/x509/index.ts';
import { readCrlEntries } from '../../src/x509/crl-entries.ts';
import { measureCrlEntries, writeCrlEntries } from '../../src/x509/crl-entries-write.ts';
import { valueOf } from '../support/result.ts';

/** Few serials, so that lists share them and repeat them. */
const anyEntry: fc.Arbitrary<CrlEntry> = fc.record({
  serialHex: fc.constantFrom('01', '7f', '4001', '4002', `40${'ab'.repeat(15)}`, '7f'.repeat(20)),
  revokedAt: fc.constantFrom(0, 86_399_000, 1_700_000_000_000, 4_102_444_800_000).map(unixMs),
  reason: fc.constantFrom('unspecified', 'keyCompromise', 'certificateHold', 'removeFromCRL'),
  invalidityDate: fc.constantFrom(undefined, unixMs(1_600_000_000_000)),
});

function written(entries: readonly CrlEntry[]): Uint8Array {
  const bytes = new Uint8Array(measureCrlEntries(entries) + 1).fill(0xff);
  expect(writeCrlEntries(entries, bytes, 0)).toBe(bytes.length - 1);
  expect(bytes.at(-1)).toBe(0xff);
  return bytes.subarray(0, -1);
}

const read = (entries: readonly CrlEntry[]) => valueOf(readCrlEntries(written(entries)));

describe('CRL entries', () => {
  it('are read as they were written, in as many bytes as were measured', () => {
    fc.assert(
      fc.property(fc.array(anyEntry), (entries) => {
        const back = read(entries);
        expect([...back.entries]).toEqual(entries);
        expect(back.removal).toBe(entries.find(({ reason }) => reason === 'removeFromCRL')?.serialHex);
      }),
    );
  });

  it('that another list does not repeat are told, whatever the order and however often a serial comes', () => {
    const lists = fc.tuple(fc.array(anyEntry), fc.array(anyEntry), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(lists, ([before, other, keepsAll, first]) => {
        const after = keepsAll ? (first ? [...other, ...before] : [...before, ...other]) : other;
        const [held, next] = [read(before).entries, read(after).entries];
        const told = new Set([...held.notRepeatedIn(next)].map(({ serialHex }) => serialHex));
        for (const { serialHex } of before) {
          const isKept = JSON.stringify(held.find(serialHex)) === JSON.stringify(next.find(serialHex));
          if (!isKept) expect(told).toContain(serialHex);
        }
        expect([...held.notRepeatedIn(held)].every(({ serialHex }) => isListedTwice(before, serialHex))).toBe(
          true,
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('are none of a list that is repeated and goes on', () => {
    const entries = Array.from({ length: 300 }, (_, at) => ({
      serialHex: `40${at.toString(16).padStart(6, '0')}`,
      revokedAt: unixMs(1_000 * at),
      reason: 'superseded' as const,
      invalidityDate: undefined,
    }));
    const [held, next] = [read(entries.slice(0, 200)).entries, read(entries).entries];
    expect([...held.notRepeatedIn(next)]).toEqual([]);
    expect([...next.notRepeatedIn(held)]).toHaveLength(100);
    expect([...read(entries.toReversed()).entries.notRepeatedIn(next)]).toEqual([]);
  });
});

function isListedTwice(entries: readonly CrlEntry[], serial: string): boolean {
  return entries.filter(({ serialHex }) => serialHex === serial).length > 1;
}
