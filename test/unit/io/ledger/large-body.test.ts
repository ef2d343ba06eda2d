import { describe, expect, it } from 'vitest';
import { nodeCrypto, type Ledger, type LedgerFile, type LedgerFs } from '../../../../src/io/index.ts';
import { hashInTurns, LARGE_BODY_BYTES, SLICE_BYTES } from '../../../../src/io/ledger/large-body.ts';
import { bodyChecksum, MAX_ENTRY_BYTES, treeHasher } from '../../../../src/ledger/index.ts';
import { concatBytes } from '../../../../src/std/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { entriesOf, expectCoherent, openTestLedger } from '../../../support/ledger-bench.ts';
import { MemoryLedgerFs } from '../../../support/memory-ledger-fs.ts';

/** Bytes that differ from place to place, in memory that threads share, as those of a large CRL lie. */
function sharedBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(length));
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
  return bytes;
}

const head = Uint8Array.of(1, 2, 3);
const large = sharedBytes(3 * LARGE_BODY_BYTES + 1);
const wholeLarge = concatBytes(head, large);
const small = (byte: number): Uint8Array => Uint8Array.of(byte, byte);

/** Counts the turns of the event loop until `work` settles. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  const progress = { done: false };
  const count = (): void => {
    turns += 1;
    if (!progress.done) setImmediate(count);
  };
  setImmediate(count);
  await work.finally(() => {
    progress.done = true;
  });
  return turns;
}

describe('a large body', () => {
  it.each([0, 1, SLICE_BYTES - 1, SLICE_BYTES, SLICE_BYTES + 1, 3 * SLICE_BYTES])(
    'of two pieces, the second with %i bytes, has the hashes of the whole',
    async (length) => {
      const rest = large.subarray(0, length);
      const whole = concatBytes(head, rest);
      expect(await hashInTurns([head, rest])).toEqual({
        bodyChecksum: bodyChecksum(whole),
        leafHash: treeHasher(nodeCrypto).leaf(whole),
      });
    },
  );

  it('is hashed in as many turns of the event loop as it has slices', async () => {
    const ledger = await openTestLedger(new MemoryLedgerFs());
    const turns = await turnsDuring(ledger.append([[head, large]]));
    expect(turns).toBeGreaterThanOrEqual(Math.floor(large.length / SLICE_BYTES));
    expect(SLICE_BYTES).toBeLessThanOrEqual(1024 * 1024);
  });

  it('is written from where it lies, in the bytes that the joined one has', async () => {
    const fs = new MemoryLedgerFs();
    const written: Uint8Array[] = [];
    const ledger = await openTestLedger(watched(fs, written));
    await ledger.append([[head, large]]);
    await ledger.append([wholeLarge]);
    await ledger.append([[head, head]]);
    await ledger.close();
    expect(written).toContain(large);
    expect(written).toContain(wholeLarge);
    const again = await openTestLedger(fs);
    const entries = await expectCoherent(fs, again);
    expect(entries.map((body) => Buffer.compare(body, wholeLarge))).toEqual([0, 0, expect.any(Number)]);
    expect(entries[2]).toEqual(concatBytes(head, head));
  });

  it('keeps its place among appends that are made at the same time', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs);
    const order: number[] = [];
    const append = async (name: number, ...bodies: Parameters<Ledger['append']>[0]): Promise<number> => {
      const { firstIndex } = await ledger.append(bodies);
      order.push(name);
      return firstIndex;
    };
    const places = await Promise.all([
      append(1, small(1)),
      append(2, [head, large]),
      append(3, small(3), small(4)),
      append(4, small(5), large, small(6), [head, large]),
      append(5, small(7)),
    ]);
    expect(order).toEqual([1, 2, 3, 4, 5]);
    expect(places).toEqual([0, 1, 2, 4, 8]);
    await ledger.close();
    const entries = await expectCoherent(fs, await openTestLedger(fs));
    expect(entries.map(({ length }) => length)).toEqual([
      2,
      wholeLarge.length,
      2,
      2,
      2,
      large.length,
      2,
      wholeLarge.length,
      2,
    ]);
  });

  it('is refused above the cap of an entry, the pieces counted together', async () => {
    const ledger = await openTestLedger(new MemoryLedgerFs());
    const most = new Uint8Array(MAX_ENTRY_BYTES);
    await expectCode('LS_LEDGER_ENTRY_SIZE', () => ledger.append([[Uint8Array.of(1), most]]));
    await expectCode('LS_LEDGER_ENTRY_SIZE', () => ledger.append([[]]));
    await expectCode('LS_LEDGER_ENTRY_SIZE', () => ledger.append([[new Uint8Array(), new Uint8Array()]]));
    expect(ledger.head().size).toBe(0);
  });

  it('that the disk has no room for is not there, and what comes after it is', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs);
    await ledger.append([small(1)]);
    fs.free = LARGE_BODY_BYTES;
    await expectCode('LS_LEDGER_DISK_FULL', () => ledger.append([[head, large]]));
    await ledger.append([small(2)]);
    fs.free = Number.POSITIVE_INFINITY;
    await ledger.append([[head, large]]);
    await ledger.close();
    const entries = await expectCoherent(fs, await openTestLedger(fs));
    expect(entries.map(({ length }) => length)).toEqual([2, 2, wholeLarge.length]);
  });

  it.each(['refused', 'done', 'partial'] as const)(
    'is in the log once it is acknowledged, whatever step a crash ends it at (%s)',
    async (kind) => {
      for (let step = 1; ; step++) {
        const fs = new MemoryLedgerFs();
        const ledger = await openTestLedger(fs);
        await ledger.append([small(1)]);
        fs.fault = { step: fs.steps + step, kind, errno: 'CRASH' };
        const isAcknowledged = await ledger.append([[head, large]]).then(
          () => true,
          () => false,
        );
        for (const which of ['durable', 'all', { seed: step }] as const) {
          const after = fs.survivors(which);
          const again = await openTestLedger(after);
          const entries = await expectCoherent(after, again);
          if (isAcknowledged) expect(entries).toHaveLength(2);
          expect(Buffer.compare(entries[0] ?? head, small(1))).toBe(0);
          if (entries.length > 1) expect(Buffer.compare(entries[1] ?? head, wholeLarge)).toBe(0);
        }
        if (isAcknowledged) return;
      }
    },
  );

  it('is not written any more when the ledger ended while it was hashed', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs);
    await ledger.append([small(1)]);
    const append = ledger.append([[head, large]]);
    await new Promise((resolve) => setImmediate(resolve));
    fs.fault = { step: fs.steps + 1, kind: 'refused', errno: 'EIO' };
    await expectCode('LS_LEDGER_IO', () => ledger.writeCheckpoint());
    await expectCode('LS_LEDGER_IO', () => append);
    expect(await entriesOf(fs)).toHaveLength(1);
  });
});

/** Notes what is written, by reference. */
function watched(fs: LedgerFs, written: Uint8Array[]): LedgerFs {
  return {
    makeDir: (path) => fs.makeDir(path),
    list: (path) => fs.list(path),
    read: (path, maxBytes) => fs.read(path, maxBytes),
    open: async (path) => noting(await fs.open(path), written),
    rename: (from, to) => fs.rename(from, to),
    remove: (path) => fs.remove(path),
    syncDir: (path) => fs.syncDir(path),
  };
}

function noting(file: LedgerFile, written: Uint8Array[]): LedgerFile {
  return {
    size: () => file.size(),
    write: (bytes, position) => {
      written.push(bytes);
      return file.write(bytes, position);
    },
    datasync: () => file.datasync(),
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
  };
}
