import { describe, expect, it } from 'vitest';
import {
  LEDGER_BATCH_BYTES,
  LEDGER_BATCH_ROWS,
  ledgerBatches,
  type LedgerRow,
} from '../../../src/authority/index.ts';
import { decodeEntry, decodeLogKey } from '../../../src/ledger/index.ts';
import { ok } from '../../../src/std/index.ts';
import { CA_NOW, makeTestCa } from '../../support/ca.ts';
import { rawKey } from '../../support/raw-key.ts';
import { testKey } from '../../support/crypto.ts';
import { valueOf } from '../../support/result.ts';

async function sizes(lengths: readonly number[], from = 0): Promise<readonly number[]> {
  const rows: readonly LedgerRow[] = lengths.map((length, index) => ({
    index,
    body: new Uint8Array(length),
  }));
  const seen: number[] = [];
  let next = from;
  const read = (at: number, limit: number) => Promise.resolve(rows.slice(at, at + limit));
  for await (const batch of ledgerBatches(read, from)) {
    for (const { index } of batch) expect(index).toBe(next++);
    seen.push(batch.length);
  }
  expect(next).toBe(rows.length);
  return seen;
}

describe('reading the ledger in batches', () => {
  it('reads every row once, and never more than the bound at once', async () => {
    expect(await sizes([])).toEqual([]);
    expect(await sizes(Array.from({ length: LEDGER_BATCH_ROWS + 1 }, () => 10))).toEqual([
      LEDGER_BATCH_ROWS,
      1,
    ]);
    expect(
      await sizes(
        Array.from({ length: 10 }, () => 10),
        7,
      ),
    ).toEqual([3]);
  });

  it('takes fewer rows at once while they are large, down to one', async () => {
    const large = Array.from({ length: LEDGER_BATCH_ROWS + 3 }, () => LEDGER_BATCH_BYTES / 2);
    expect(await sizes(large)).toEqual([LEDGER_BATCH_ROWS, 2, 1]);
    const huge = [...Array.from({ length: LEDGER_BATCH_ROWS }, () => LEDGER_BATCH_BYTES + 1), 5, 5, 5, 5];
    expect(await sizes(huge)).toEqual([LEDGER_BATCH_ROWS, 1, 2, 1]);
  });
});

describe('binding the log key', () => {
  it('is the first entry of a CA that is made with one, and is not repeated', async () => {
    const key = rawKey(testKey('Ed25519'));
    const { authority, deps } = await makeTestCa({ request: { logKey: key } });
    expect(valueOf(await authority.bindLogKey(key, CA_NOW))).toBe(0);
    const [row] = valueOf(await deps.store.read(async (tx) => ok(await tx.ledger(0, 1))));
    const { entry } = valueOf(decodeEntry(row?.body ?? new Uint8Array()));
    expect(entry.type === 'log-key' && valueOf(decodeLogKey(entry.record)).body.logKey).toEqual(key);
  });

  it('is added to a CA that has none, and for another key', async () => {
    const { authority, deps } = await makeTestCa();
    const size = valueOf(await deps.store.read(async (tx) => ok(await tx.ledgerSize())));
    const [one, two] = [rawKey(testKey('Ed25519')), rawKey(testKey('Ed25519'))];
    expect(valueOf(await authority.bindLogKey(one, CA_NOW))).toBe(size);
    expect(valueOf(await authority.bindLogKey(one, CA_NOW))).toBe(size);
    expect(valueOf(await authority.bindLogKey(two, CA_NOW))).toBe(size + 1);
  });
});
