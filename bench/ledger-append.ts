import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey, openLedger, type Ledger } from '../src/io/index.ts';

/*
 * Durable appends to a ledger, beside plain write + fdatasync of as many bytes to a preallocated file in the same
 * directory, in one run. Usage: node bench/ledger-append.ts [DIR]
 */

const BODY_BYTES = 280;
const BATCH_ENTRIES = 256;
/** Callers, each of which makes its next batch while the disk works on its last one. */
const CALLERS = 4;
const ROUND_MS = 4_000;
const ROUNDS = 3;

interface Rate {
  readonly perSecond: number;
  readonly bytesPerSecond: number;
}

async function main(): Promise<void> {
  const dir = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'lifesign-bench-'));
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      const raw = await rawRate(join(dir, `raw-${String(round)}`));
      const ledger = await ledgerRate(join(dir, `ledger-${String(round)}`));
      print(round, raw, ledger);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function print(round: number, raw: Rate, ledger: Rate): void {
  const result = {
    round,
    entryBytes: BODY_BYTES,
    batch: BATCH_ENTRIES,
    callers: CALLERS,
    rawEntriesPerSecond: Math.round(raw.perSecond),
    rawMBPerSecond: Math.round(raw.bytesPerSecond / 1e6),
    ledgerEntriesPerSecond: Math.round(ledger.perSecond),
    ledgerMBPerSecond: Math.round(ledger.bytesPerSecond / 1e6),
    ratio: Number((ledger.perSecond / raw.perSecond).toFixed(3)),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** One write and one fdatasync for the bytes of as many entries as the ledger can gather in one batch. */
async function rawRate(path: string): Promise<Rate> {
  const size = 64 * 1024 * 1024;
  const file = await open(path, 'w');
  await file.write(Buffer.alloc(size), 0, size, 0);
  await file.sync();
  const entries = BATCH_ENTRIES * CALLERS;
  const block = Buffer.alloc(BODY_BYTES * entries, 1);
  return await measure(entries, async (turn) => {
    const at = (turn * block.length) % (size - block.length);
    await file.write(block, 0, block.length, at);
    await file.datasync();
  }).finally(() => file.close());
}

async function ledgerRate(dir: string): Promise<Rate> {
  const { signer } = generateKey('Ed25519');
  const ledger = await openLedger({ dir, signer, origin: 'lifesign/bench.internal/0' });
  try {
    const rates = Array.from({ length: CALLERS }, (_, lane) => appendRate(ledger, lane));
    const all = await Promise.all(rates);
    return {
      perSecond: all.reduce((sum, rate) => sum + rate.perSecond, 0),
      bytesPerSecond: all.reduce((sum, rate) => sum + rate.bytesPerSecond, 0),
    };
  } finally {
    await ledger.close();
  }
}

async function appendRate(ledger: Ledger, lane: number): Promise<Rate> {
  let underWay: Promise<unknown> = Promise.resolve();
  const rate = await measure(BATCH_ENTRIES, async (turn) => {
    const bodies = Array.from({ length: BATCH_ENTRIES }, (_, i) => bodyOf(lane, turn, i));
    const before = underWay;
    underWay = ledger.append(bodies);
    await before;
  });
  await underWay;
  return rate;
}

function bodyOf(lane: number, turn: number, i: number): Uint8Array {
  const body = new Uint8Array(BODY_BYTES);
  body.set([lane, turn & 0xff, (turn >> 8) & 0xff, i & 0xff, i >> 8]);
  return body;
}

async function measure(entries: number, turn: (number: number) => Promise<void>): Promise<Rate> {
  const begin = performance.now();
  let turns = 0;
  while (performance.now() - begin < ROUND_MS) {
    await turn(turns);
    turns += 1;
  }
  const seconds = (performance.now() - begin) / 1_000;
  const perSecond = (turns * entries) / seconds;
  return { perSecond, bytesPerSecond: perSecond * BODY_BYTES };
}

await main();
