import { describe, expect, it } from 'vitest';
import {
  CHECKPOINT_INTERVAL_MS,
  ledgerLayout,
  MAX_QUEUED_BYTES,
  MAX_QUEUED_ENTRIES,
  PREALLOCATE_BYTES,
  readSegments,
  SEGMENT_BYTES,
  type Ledger,
} from '../../../../src/io/index.ts';
import { MAX_ENTRY_BYTES, parseCheckpoint } from '../../../../src/ledger/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import {
  entriesOf,
  expectCoherent,
  LEDGER_DIR,
  openTestLedger,
  SMALL_SIZES,
  StillClock,
} from '../../../support/ledger-bench.ts';
import { MemoryLedgerFs } from '../../../support/memory-ledger-fs.ts';
import { valueOf } from '../../../support/result.ts';

const DEFAULT_SIZES = { segmentBytes: SEGMENT_BYTES, preallocateBytes: PREALLOCATE_BYTES };

describe('appending to a ledger', () => {
  it('resolves in call order with a durable head and the place of each append', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs);
    const order: number[] = [];
    const appends = [1, 2, 3].map(async (count) => {
      const appended = await ledger.append(Array.from({ length: count }, () => Uint8Array.of(count)));
      order.push(count);
      return appended;
    });
    const results = await Promise.all(appends);
    expect(order).toEqual([1, 2, 3]);
    expect(results.map(({ firstIndex }) => firstIndex)).toEqual([0, 1, 3]);
    for (const { size, root } of results) expect({ size, root }).toEqual(ledger.head());
    expect(await entriesOf(fs.survivors('durable'))).toHaveLength(6);
  });

  it('shares one write and one fdatasync between appends that are made at the same time', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs, { sizes: DEFAULT_SIZES });
    await ledger.append([Uint8Array.of(1)]);
    const before = fs.steps;
    await Promise.all(Array.from({ length: 500 }, (_, i) => ledger.append([Uint8Array.of(i & 0xff, 1)])));
    // One write and one fdatasync; two more for the first tile: its directory and file; then its write and size.
    expect(fs.steps - before).toBeLessThanOrEqual(6);
  });

  it('takes an append of nothing, after those before it', async () => {
    const ledger = await openTestLedger(new MemoryLedgerFs());
    const [first, nothing] = await Promise.all([ledger.append([Uint8Array.of(1)]), ledger.append([])]);
    expect(nothing).toEqual({ ...first, firstIndex: 1 });
  });

  it('begins a new segment when the next append does not fit, and never splits one', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs);
    const body = new Uint8Array(100).fill(1);
    for (let i = 0; i < 40; i++) await ledger.append([body, body, body]);
    const large = new Uint8Array(3 * SMALL_SIZES.segmentBytes).fill(2);
    await ledger.append([body, large]);
    await ledger.append([body]);
    await ledger.close();
    for await (const { scan, fileBytes } of readSegments(fs, ledgerLayout(LEDGER_DIR))) {
      expect(scan.end.kind).toBe('clean');
      if (scan.frames.every((frame) => frame.body.length === 100)) {
        expect(scan.frames.length % 3 === 0 || scan.frames.length === 1).toBe(true);
        expect(fileBytes).toBeLessThanOrEqual(SMALL_SIZES.segmentBytes);
      }
    }
    const again = await openTestLedger(fs);
    expect(await expectCoherent(fs, again)).toHaveLength(123);
  });

  it('refuses an entry without bytes, and one that is too large', async () => {
    const ledger = await openTestLedger(new MemoryLedgerFs());
    await expectCode('LS_LEDGER_ENTRY_SIZE', () => ledger.append([new Uint8Array(0)]));
    await expectCode('LS_LEDGER_ENTRY_SIZE', () => ledger.append([new Uint8Array(MAX_ENTRY_BYTES + 1)]));
    expect(ledger.head().size).toBe(0);
  });

  it('bounds the entries that wait', async () => {
    const ledger = await openTestLedger(new MemoryLedgerFs(), { sizes: DEFAULT_SIZES });
    const body = Uint8Array.of(1);
    const full = ledger.append(Array.from({ length: MAX_QUEUED_ENTRIES }, () => body));
    await expectCode('LS_LEDGER_QUEUE_FULL', () => ledger.append([body]));
    expect((await full).size).toBe(MAX_QUEUED_ENTRIES);
    expect((await ledger.append([body])).size).toBe(MAX_QUEUED_ENTRIES + 1);
  });

  it('bounds the bytes that wait', async () => {
    const ledger = await openTestLedger(new MemoryLedgerFs(), { sizes: DEFAULT_SIZES });
    const half = new Uint8Array(MAX_QUEUED_BYTES / 2);
    const tooMuch = ledger.append([half, half, Uint8Array.of(1)]);
    await expectCode('LS_LEDGER_QUEUE_FULL', () => tooMuch);
    expect((await ledger.append([Uint8Array.of(1)])).size).toBe(1);
  });

  it('rejects while the disk is full, leaves the log as it was, and resumes when there is room', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs);
    const body = new Uint8Array(60).fill(1);
    fs.free = 1_000;
    let accepted = 0;
    const rejected: unknown[] = [];
    for (let i = 0; i < 40; i++)
      await ledger.append([body]).then(
        () => (accepted += 1),
        (e: unknown) => rejected.push(e),
      );
    expect(accepted).toBeGreaterThan(5);
    expect(rejected.length).toBeGreaterThan(5);
    await expectCode('LS_LEDGER_DISK_FULL', () => ledger.append([body]));
    expect(await entriesOf(fs)).toHaveLength(accepted);
    fs.free = 1e6;
    await ledger.append([body]);
    expect(ledger.head().size).toBe(accepted + 1);
    await ledger.close();
    expect(await entriesOf(fs.survivors('durable'))).toHaveLength(accepted + 1);
  });

  it('accepts nothing more after an I/O error, and says why every time', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs);
    await ledger.append([Uint8Array.of(1)]);
    fs.fault = { step: fs.steps + 2, kind: 'refused', errno: 'EIO' };
    const queued = [ledger.append([Uint8Array.of(2)]), ledger.append([Uint8Array.of(3)])];
    for (const one of queued) await expectCode('LS_LEDGER_IO', () => one);
    await expectCode('LS_LEDGER_IO', () => ledger.append([Uint8Array.of(4)]));
    await expectCode('LS_LEDGER_IO', () => ledger.writeCheckpoint());
    await ledger.close();
  });

  it('takes ENOSPC from an fdatasync for an I/O error, because the file is in an unknown state then', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs);
    await ledger.append([Uint8Array.of(1)]);
    fs.fault = { step: fs.steps + 2, kind: 'refused', errno: 'ENOSPC' };
    await expectCode('LS_LEDGER_IO', () => ledger.append([Uint8Array.of(2)]));
  });

  it('refuses appends once it is closed, and closes once', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs);
    const last = ledger.append([Uint8Array.of(1)]);
    await Promise.all([ledger.close(), ledger.close()]);
    expect((await last).size).toBe(1);
    await expectCode('LS_LEDGER_CLOSED', () => ledger.append([Uint8Array.of(2)]));
    expect(checkpointSize(fs)).toBe(1);
  });
});

describe('the checkpoint of a ledger', () => {
  it('is written while appending, but at most once per interval', async () => {
    const fs = new MemoryLedgerFs();
    const clock = new StillClock();
    const ledger = await openTestLedger(fs, { clock });
    await appendOne(ledger);
    expect(checkpointSize(fs)).toBe(0);
    clock.ms = CHECKPOINT_INTERVAL_MS;
    await appendOne(ledger);
    await ledger.append([]);
    await settled();
    expect(checkpointSize(fs)).toBe(2);
    clock.ms = 2 * CHECKPOINT_INTERVAL_MS - 1;
    await appendOne(ledger);
    await settled();
    expect(checkpointSize(fs)).toBe(2);
    await ledger.writeCheckpoint();
    expect(checkpointSize(fs)).toBe(3);
  });
});

async function appendOne(ledger: Ledger): Promise<void> {
  await ledger.append([Uint8Array.of(7)]);
}

/** Lets the steps of the file system in memory run: each is one turn of the microtask queue. */
async function settled(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

function checkpointSize(fs: MemoryLedgerFs): number {
  const note = new TextDecoder().decode(fs.get(`${LEDGER_DIR}/checkpoint`));
  return valueOf(parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1))).size;
}
