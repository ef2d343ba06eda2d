import { describe, expect, it } from 'vitest';
import { CHECKPOINT_INTERVAL_MS } from '../../../../src/io/index.ts';
import { LsError } from '../../../../src/std/index.ts';
import { entriesOf, expectCoherent, openTestLedger, StillClock } from '../../../support/ledger-bench.ts';
import { MemoryLedgerFs, type StepFault, type Survivors } from '../../../support/memory-ledger-fs.ts';

/*
 * At every step that changes a file or directory, one after the other: the step fails and did nothing, or fails and
 * did everything, or did half, or the machine stops there. Then the log is read back from what may have survived,
 * and everything is checked again.
 */

const BATCHES = 9;
const BATCH_ENTRIES = 34;

interface Attempt {
  readonly bodies: readonly Uint8Array[];
  readonly firstIndex: number | undefined;
  readonly code: string | undefined;
}

const FAULTS: readonly (readonly [string, Omit<StepFault, 'step'>])[] = [
  ['a full disk refuses the step', { kind: 'refused', errno: 'ENOSPC' }],
  ['a full disk is reported although the step was done', { kind: 'done', errno: 'ENOSPC' }],
  ['the disk gets full in the middle of the step', { kind: 'partial', errno: 'ENOSPC' }],
  ['an I/O error refuses the step', { kind: 'refused', errno: 'EIO' }],
  ['an I/O error is reported although the step was done', { kind: 'done', errno: 'EIO' }],
  ['the machine stops before the step', { kind: 'refused', errno: 'CRASH' }],
  ['the machine stops after the step', { kind: 'done', errno: 'CRASH' }],
  ['the machine stops in the middle of the step', { kind: 'partial', errno: 'CRASH' }],
];

const afterCrash = (step: number): readonly Survivors[] => ['all', 'durable', ...seeds(step, 3)];
const afterError = (step: number): readonly Survivors[] => ['all', ...seeds(step, 1)];

describe('a ledger on a disk that fails once', () => {
  it('runs through all steps when nothing fails', async () => {
    const fs = new MemoryLedgerFs();
    const attempts = await run(fs);
    expect(attempts.every(({ code }) => code === undefined)).toBe(true);
    expect(await entriesOf(fs)).toHaveLength(BATCHES * BATCH_ENTRIES);
    expect(fs.steps).toBeGreaterThan(60);
  });

  it.each(FAULTS)(
    'keeps every acknowledged entry, in order, when %s',
    async (_, fault) => {
      const calm = new MemoryLedgerFs();
      await run(calm);
      for (let step = 1; step <= calm.steps; step++) {
        const fs = new MemoryLedgerFs();
        fs.fault = { step, ...fault };
        const attempts = await run(fs);
        fs.fault = undefined;
        for (const which of fault.errno === 'CRASH' ? afterCrash(step) : afterError(step)) {
          try {
            await expectRecovered(fs.survivors(which), attempts, {
              exact: which === 'all',
              crashed: fault.errno === 'CRASH',
            });
          } catch (cause) {
            throw new Error(`step ${String(step)}, survivors ${JSON.stringify(which)}`, { cause });
          }
        }
      }
    },
    120_000,
  );

  it('goes on after a full disk, and rejects nothing but what did not fit', async () => {
    const calm = new MemoryLedgerFs();
    await run(calm);
    for (let step = 1; step <= calm.steps; step++) {
      const fs = new MemoryLedgerFs();
      fs.fault = { step, kind: 'refused', errno: 'ENOSPC' };
      const attempts = await run(fs);
      const rejected = attempts.filter(({ code }) => code !== undefined);
      if (rejected.some(({ code }) => code === 'LS_LEDGER_IO')) continue;
      expect(rejected.length).toBeLessThanOrEqual(1);
      if (attempts.length > 0) expect(attempts).toHaveLength(BATCHES);
    }
  });
});

function seeds(step: number, count: number): readonly Survivors[] {
  return Array.from({ length: count }, (_, i) => ({ seed: 7 * step + i }));
}

/** Opens, appends, moves the clock, closes; what is thrown on the way is noted, as a node would. */
async function run(fs: MemoryLedgerFs): Promise<readonly Attempt[]> {
  const attempts: Attempt[] = [];
  const clock = new StillClock();
  try {
    const ledger = await openTestLedger(fs, { clock });
    for (let batch = 0; batch < BATCHES; batch++) {
      const bodies = Array.from({ length: BATCH_ENTRIES }, (_, i) => bodyOf(batch, i));
      const attempt = await ledger.append(bodies).then(
        ({ firstIndex }) => ({ bodies, firstIndex, code: undefined }),
        (error: unknown) => ({ bodies, firstIndex: undefined, code: codeOfError(error) }),
      );
      attempts.push(attempt);
      clock.ms += CHECKPOINT_INTERVAL_MS / 3;
    }
    await ledger.close();
  } catch (error) {
    expect(['LS_LEDGER_DISK_FULL', 'LS_LEDGER_IO']).toContain(codeOfError(error));
  }
  return attempts;
}

async function expectRecovered(
  fs: MemoryLedgerFs,
  attempts: readonly Attempt[],
  { exact, crashed }: { readonly exact: boolean; readonly crashed: boolean },
): Promise<void> {
  const ledger = await openTestLedger(fs);
  const entries = await expectCoherent(fs, ledger);
  expectHistory(entries, attempts, exact && !crashed);
  if (!exact) return;
  await ledger.append([bodyOf(99, 1), bodyOf(99, 2)]);
  await ledger.close();
  const again = await openTestLedger(fs);
  expect(await expectCoherent(fs, again)).toHaveLength(entries.length + 2);
  expect(again.recovered.truncated).toBeNull();
  await again.close();
}

/** Acknowledged batches are all there, at the index that was promised; others may be there, as far as they came. */
function expectHistory(entries: readonly Uint8Array[], attempts: readonly Attempt[], exact: boolean): void {
  let at = 0;
  for (const { bodies, firstIndex, code } of attempts) {
    let found = 0;
    while (found < bodies.length && isEqual(entries[at + found], bodies[found])) found += 1;
    if (code === undefined) {
      expect(firstIndex).toBe(at);
      expect(found).toBe(bodies.length);
    } else if (code === 'LS_LEDGER_DISK_FULL' && exact) {
      expect(found).toBe(0);
    }
    at += found;
  }
  expect(at).toBe(entries.length);
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}

function bodyOf(batch: number, i: number): Uint8Array {
  return new Uint8Array(8 + (i % 5)).fill(batch + 1).fill(i, 4);
}

function codeOfError(error: unknown): string {
  if (error instanceof LsError) return error.code;
  throw error;
}
