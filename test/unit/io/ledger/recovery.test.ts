import { describe, expect, it } from 'vitest';
import { RECOVERY_SCAN_SEGMENTS } from '../../../../src/io/index.ts';
import {
  FRAME_HEADER_BYTES,
  MerkleTree,
  scanSegment,
  SEGMENT_HEADER_BYTES,
  signCheckpoint,
  treeHasher,
} from '../../../../src/ledger/index.ts';
import type { LsError } from '../../../../src/std/index.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { expectCode } from '../../../support/expect-code.ts';
import {
  entriesOf,
  expectCoherent,
  LEDGER_DIR,
  LEDGER_ORIGIN,
  ledgerKey,
  openTestLedger,
} from '../../../support/ledger-bench.ts';
import { MemoryLedgerFs } from '../../../support/memory-ledger-fs.ts';

const CHECKPOINT = `${LEDGER_DIR}/checkpoint`;
const BODY_BYTES = 20;
const FRAME_BYTES = FRAME_HEADER_BYTES + BODY_BYTES;

describe('opening a ledger', () => {
  it('begins an empty one with a signed checkpoint of size 0', async () => {
    const fs = new MemoryLedgerFs();
    const ledger = await openTestLedger(fs);
    expect(ledger.recovered).toEqual({
      size: 0,
      segments: 0,
      rehashed: 0,
      tilesRebuilt: false,
      truncated: null,
    });
    expect(await expectCoherent(fs, ledger)).toEqual([]);
  });

  it('reads back what was appended, and hashes again only what no tile covers', async () => {
    const fs = await written(700);
    const ledger = await openTestLedger(fs);
    expect(await expectCoherent(fs, ledger)).toHaveLength(700);
    expect(ledger.recovered).toMatchObject({ size: 700, rehashed: 700 - 512, tilesRebuilt: false });
  });

  it('skips segments that are old and covered by tiles', async () => {
    const fs = await written(2_000);
    const first = fs.paths().find((path) => path.endsWith('.seg')) ?? '';
    flip(fs, first, SEGMENT_HEADER_BYTES + FRAME_BYTES);
    expect(fs.paths().filter((path) => path.endsWith('.seg')).length).toBeGreaterThan(RECOVERY_SCAN_SEGMENTS);
    expect((await openTestLedger(fs)).head().size).toBe(2_000);
  });

  it.each(['missing', 'cut off', 'too long', 'altered'])(
    'makes tiles again from the segments when one is %s',
    async (how) => {
      const fs = await written(700);
      const tile = `${LEDGER_DIR}/tile/0/001`;
      if (how === 'missing') fs.delete(tile);
      else if (how === 'cut off') fs.put(tile, (fs.get(tile) ?? new Uint8Array(0)).slice(0, 8_000));
      else if (how === 'too long') fs.put(tile, extended(fs.get(tile), 8_192, Uint8Array.of(1)));
      else flip(fs, tile, 40);
      const ledger = await openTestLedger(fs);
      expect(ledger.recovered).toMatchObject({ size: 700, rehashed: 700, tilesRebuilt: true });
      await expectCoherent(fs, ledger);
    },
  );

  it('removes the torn end of the last segment and says so', async () => {
    const fs = await written(10);
    const path = lastSegment(fs);
    const end = SEGMENT_HEADER_BYTES + 10 * FRAME_BYTES;
    fs.put(path, extended(fs.get(path), end, Uint8Array.of(0, 0, 0, 9, 1, 2, 3)));
    const ledger = await openTestLedger(fs);
    expect(ledger.recovered).toMatchObject({ size: 10, truncated: { file: path, offset: end, bytes: 7 } });
    await ledger.append([new Uint8Array(BODY_BYTES)]);
    expect(await entriesOf(fs)).toHaveLength(11);
  });

  it('refuses every altered byte of a frame that was durable, names the place and changes nothing', async () => {
    for (const offset of [0, 4, 8, 9, FRAME_HEADER_BYTES, FRAME_BYTES - 1]) {
      const fs = await written(10);
      const path = lastSegment(fs);
      flip(fs, path, SEGMENT_HEADER_BYTES + 3 * FRAME_BYTES + offset);
      const before = fs.get(path);
      const error = await refusal(fs, 'LS_LEDGER_DAMAGED');
      expect(error.message).toContain(`${path} at offset ${String(SEGMENT_HEADER_BYTES + 3 * FRAME_BYTES)}`);
      expect(fs.get(path)).toEqual(before);
    }
  });

  it('refuses an altered segment header', async () => {
    const fs = await written(10);
    flip(fs, lastSegment(fs), 12);
    await refusal(fs, 'LS_LEDGER_DAMAGED');
  });

  it('refuses a break in a segment that is not the last, even at its end', async () => {
    const fs = await written(100);
    const [first = ''] = segments(fs);
    const frames = scanSegment(fs.get(first) ?? new Uint8Array(0)).frames;
    flip(fs, first, frames.at(-1)?.offset ?? 0);
    await refusal(fs, 'LS_LEDGER_DAMAGED');
  });

  it('refuses a log with a segment missing: the first, one in the middle', async () => {
    for (const which of [0, 1]) {
      const fs = await written(200);
      fs.delete(segments(fs)[which] ?? '');
      await refusal(fs, 'LS_LEDGER_DAMAGED');
    }
  });

  it('refuses two segments that changed places', async () => {
    const fs = await written(200);
    const [first = '', second = ''] = segments(fs);
    const kept = fs.get(first) ?? new Uint8Array(0);
    fs.put(first, fs.get(second) ?? new Uint8Array(0));
    fs.put(second, kept);
    await refusal(fs, 'LS_LEDGER_DAMAGED');
  });

  it('refuses a log that is shorter than its checkpoint', async () => {
    const fs = await written(200);
    fs.delete(lastSegment(fs));
    await refusal(fs, 'LS_LEDGER_ROLLBACK');
  });

  it('refuses an intact log that its checkpoint was not signed over', async () => {
    const fs = await written(300);
    const other = await written(300, 1);
    const note = other.get(CHECKPOINT) ?? new Uint8Array(0);
    fs.put(CHECKPOINT, note);
    await refusal(fs, 'LS_LEDGER_ROLLBACK');
  });

  it('refuses a log without its checkpoint', async () => {
    const fs = await written(10);
    fs.delete(CHECKPOINT);
    await refusal(fs, 'LS_LEDGER_ROLLBACK');
  });

  it('refuses a checkpoint without its log', async () => {
    const fs = await written(10);
    for (const path of segments(fs)) fs.delete(path);
    await refusal(fs, 'LS_LEDGER_ROLLBACK');
  });

  it('refuses a checkpoint that is altered, of another key, or of another log', async () => {
    const altered = await written(10);
    flip(altered, CHECKPOINT, 70);
    await refusal(altered, 'LS_LEDGER_DAMAGED');
    const head = { size: 0, root: new MerkleTree(treeHasher(testCrypto)).root() };
    const otherKey = await written(10);
    otherKey.put(
      CHECKPOINT,
      signCheckpoint({ origin: LEDGER_ORIGIN, ...head }, testKey('Ed25519'), testCrypto),
    );
    await refusal(otherKey, 'LS_LEDGER_DAMAGED');
    const otherLog = await written(10);
    otherLog.put(CHECKPOINT, signCheckpoint({ origin: 'lifesign/other/1', ...head }, ledgerKey, testCrypto));
    await refusal(otherLog, 'LS_LEDGER_DAMAGED');
  });

  it('clears away files that a crash left unfinished', async () => {
    const fs = await written(10);
    const fresh = `${LEDGER_DIR}/segments/0000000000000010.seg.new`;
    fs.put(fresh, new Uint8Array(5));
    await openTestLedger(fs);
    expect(fs.get(fresh)).toBeUndefined();
  });

  it('is a bug with a key that is not Ed25519', async () => {
    await expect(openTestLedger(new MemoryLedgerFs(), { signer: testKey('ES256') })).rejects.toThrow(
      RangeError,
    );
  });
});

/** A closed ledger of `count` entries, appended ten at a time. */
async function written(count: number, salt = 0): Promise<MemoryLedgerFs> {
  const fs = new MemoryLedgerFs();
  const ledger = await openTestLedger(fs);
  for (let at = 0; at < count; at += 10) {
    const bodies = Array.from({ length: Math.min(10, count - at) }, (_, i) => bodyOf(at + i, salt));
    // One by one in the log's own file, so that each is a batch of its own.
    if (count <= 10) for (const body of bodies) await ledger.append([body]);
    else await ledger.append(bodies);
  }
  await ledger.close();
  return fs;
}

function bodyOf(index: number, salt: number): Uint8Array {
  const body = new Uint8Array(BODY_BYTES).fill(salt + 1);
  new DataView(body.buffer).setUint32(0, index);
  return body;
}

async function refusal(
  fs: MemoryLedgerFs,
  code: 'LS_LEDGER_DAMAGED' | 'LS_LEDGER_ROLLBACK',
): Promise<LsError> {
  return await expectCode(code, () => openTestLedger(fs));
}

function segments(fs: MemoryLedgerFs): string[] {
  return fs.paths().filter((path) => path.endsWith('.seg'));
}

function lastSegment(fs: MemoryLedgerFs): string {
  return segments(fs).at(-1) ?? '';
}

function flip(fs: MemoryLedgerFs, path: string, at: number): void {
  const bytes = (fs.get(path) ?? new Uint8Array(0)).slice();
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.put(path, bytes);
}

function extended(bytes: Uint8Array | undefined, at: number, extra: Uint8Array): Uint8Array {
  const copy = new Uint8Array(Math.max(bytes?.length ?? 0, at + extra.length));
  copy.set(bytes ?? new Uint8Array(0));
  copy.set(extra, at);
  return copy;
}
