import { describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES, scanSegment, signCheckpoint } from '../../../src/ledger/index.ts';
import { AuditWorld, codes } from '../../support/audit-world.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { MemoryLedgerFs } from '../../support/memory-ledger-fs.ts';

const SEGMENT = '/alpha/ledger/segments/0000000000000000.seg';
const CHECKPOINT = '/alpha/ledger/checkpoint';
const TILE = '/alpha/ledger/tile/0/000';

describe('the audit of a log whose files were altered', () => {
  const parts: readonly (readonly [string, number])[] = [
    ['the length of a frame', 3],
    ['the checksum of a frame', 5],
    ['the kind of a frame', 8],
    ['the batch of a frame', 12],
    ['the first byte of a body', FRAME_HEADER_BYTES],
    ['the middle of a body', FRAME_HEADER_BYTES + 60],
  ];

  it.each(parts)('names file, byte and entry of a flipped bit in %s', async (_, within) => {
    const { fs, world } = await written();
    const offset = offsetOf(fs, 7);
    flip(fs, SEGMENT, offset + within);
    const report = await world.auditFiles(fs);
    expect(report.ok).toBe(false);
    expect(report.faults[0]).toMatchObject({
      code: 'LS_AUDIT_FRAME',
      file: SEGMENT,
      offset,
      index: 7,
      node: 'alpha',
    });
    expect(report.homes[0]).toMatchObject({ records: 7, root: null });
  });

  it('names node and seq of the altered record when its body can still be read', async () => {
    const { fs, world } = await written();
    const offset = offsetOf(fs, 4);
    // The last byte of a heartbeat is its signature's: the record still decodes.
    flip(fs, SEGMENT, offset + FRAME_HEADER_BYTES + (world.alpha.bodies[4]?.length ?? 0) - 1);
    const [first] = (await world.auditFiles(fs)).faults;
    expect(first).toMatchObject({
      code: 'LS_AUDIT_FRAME',
      offset,
      index: 4,
      node: 'alpha',
      epoch: 1,
      seq: 1,
    });
  });

  it('finds a flipped bit anywhere in a log', async () => {
    const { fs, world } = await written(1);
    const end = scanSegment(fs.get(SEGMENT) ?? new Uint8Array(0)).end.offset;
    for (let at = 0; at < end; at += 97) {
      flip(fs, SEGMENT, at);
      const report = await world.auditFiles(fs, { nodes: [world.alpha] });
      expect(report.faults[0], `byte ${String(at)}`).toMatchObject({ file: SEGMENT });
      flip(fs, SEGMENT, at);
    }
  });

  it('names the header of a segment', async () => {
    const { fs, world } = await written();
    flip(fs, SEGMENT, 20);
    const [first] = (await world.auditFiles(fs)).faults;
    expect(first).toMatchObject({ code: 'LS_AUDIT_FRAME', file: SEGMENT, offset: 0, index: 0 });
  });

  it('finds damage even in the last frame, because the checkpoint covers it', async () => {
    const { fs, world } = await written();
    const last = world.alpha.bodies.length - 1;
    const offset = offsetOf(fs, last);
    flip(fs, SEGMENT, offset + FRAME_HEADER_BYTES);
    const [first] = (await world.auditFiles(fs)).faults;
    expect(first).toMatchObject({ code: 'LS_AUDIT_FRAME', file: SEGMENT, offset, index: last });
  });

  it('takes an interrupted write beyond the checkpoint for missing evidence, not for a fault', async () => {
    const { fs, world } = await written();
    const end = scanSegment(fs.get(SEGMENT) ?? new Uint8Array(0)).end.offset;
    put(fs, SEGMENT, end, Uint8Array.of(0, 0, 1, 0, 9, 9, 9));
    const report = await world.auditFiles(fs);
    expect(report).toMatchObject({ ok: false, complete: false, faults: [] });
    expect(report.missing).toMatchObject([
      { code: 'LS_AUDIT_TORN_TAIL', file: SEGMENT, offset: end, index: world.alpha.bodies.length },
    ]);
    expect(report.homes[0]?.root).not.toBeNull();
  });

  it('takes a broken frame that is all there for a fault even beyond the checkpoint', async () => {
    const { fs, world } = await written();
    const segment = fs.get(SEGMENT) ?? new Uint8Array(0);
    const { frames, end } = scanSegment(segment);
    const copy = segment.slice(frames[3]?.offset, frames[4]?.offset);
    put(fs, SEGMENT, end.offset, copy);
    const [first] = (await world.auditFiles(fs)).faults;
    expect(first).toMatchObject({ file: SEGMENT, offset: end.offset, index: world.alpha.bodies.length });
  });

  it('finds a log cut below its checkpoint, and where', async () => {
    const { fs, world } = await written();
    const index = world.alpha.bodies.length - 3;
    const offset = offsetOf(fs, index);
    put(fs, SEGMENT, offset, new Uint8Array((fs.get(SEGMENT)?.length ?? 0) - offset));
    const report = await world.auditFiles(fs, { nodes: [world.alpha] });
    expect(report.faults).toMatchObject([
      {
        code: 'LS_AUDIT_TRUNCATED',
        file: SEGMENT,
        offset,
        index,
        node: 'alpha',
        found: `${String(index)} entries`,
      },
    ]);
  });

  it('finds a log whose every segment is gone', async () => {
    const { fs, world } = await written();
    fs.delete(SEGMENT);
    const report = await world.auditFiles(fs);
    expect(codes(report.faults)).toContain('LS_AUDIT_TRUNCATED');
  });

  it('finds a missing segment in the middle, and goes on after it', async () => {
    const world = AuditWorld.story(60);
    const fs = new MemoryLedgerFs();
    for (const node of world.nodes) await node.write(fs);
    const segments = fs.paths().filter((path) => path.startsWith('/alpha/ledger/segments/'));
    const [, gone = ''] = segments;
    fs.delete(gone);
    const report = await world.auditFiles(fs);
    const index = Number(/(\d{16})\.seg/.exec(gone)?.[1]);
    expect(report.faults[0]).toMatchObject({ code: 'LS_AUDIT_SEGMENT', index });
    expect(report.homes[0]?.records).toBe(world.alpha.bodies.length - missingIn(world, segments, gone));
  });

  it.each([
    ['the origin', 5],
    ['the size', 65],
    ['the root', 75],
    ['the signature', 200],
  ])('finds a checkpoint with a flipped bit in %s', async (_, at) => {
    const { fs, world } = await written();
    flip(fs, CHECKPOINT, at);
    const report = await world.auditFiles(fs);
    expect(report.ok).toBe(false);
    expect(report.faults).toMatchObject([{ code: 'LS_AUDIT_CHECKPOINT', file: CHECKPOINT }]);
  });

  it('finds a checkpoint signed by another key', async () => {
    const { fs, world } = await written();
    const { alpha } = world;
    const forged = signCheckpoint({ origin: alpha.origin, ...alpha.head }, testKey('Ed25519'), testCrypto);
    fs.put(CHECKPOINT, forged);
    expect((await world.auditFiles(fs)).faults).toMatchObject([
      { code: 'LS_AUDIT_CHECKPOINT', file: CHECKPOINT, node: 'alpha' },
    ]);
  });

  it('finds the checkpoint of another log in its place', async () => {
    const { fs, world } = await written();
    fs.put(CHECKPOINT, fs.get('/beta/ledger/checkpoint') ?? new Uint8Array(0));
    const report = await world.auditFiles(fs, { nodes: [world.alpha] });
    expect(codes(report.faults)).toContain('LS_AUDIT_OWNER');
    expect(report.ok).toBe(false);
  });

  it('finds a checkpoint over other entries: signed, and not true', async () => {
    const { fs, world } = await written();
    const { alpha } = world;
    const head = { size: 6, root: new Uint8Array(32).fill(3) };
    fs.put(CHECKPOINT, signCheckpoint({ origin: alpha.origin, ...head }, alpha.logKey, testCrypto));
    expect((await world.auditFiles(fs)).faults).toMatchObject([{ code: 'LS_AUDIT_ROOT', node: 'alpha' }]);
  });

  it('says that a missing checkpoint is missing', async () => {
    const { fs, world } = await written();
    fs.delete(CHECKPOINT);
    const report = await world.auditFiles(fs);
    expect(report).toMatchObject({ ok: false, complete: false, faults: [] });
    expect(report.missing).toMatchObject([{ code: 'LS_AUDIT_NO_CHECKPOINT', node: 'alpha' }]);
  });

  it('names file, byte and entry of a flipped bit in a tile, and does without a tile', async () => {
    const world = AuditWorld.story(90);
    const fs = new MemoryLedgerFs();
    for (const node of world.nodes) await node.write(fs);
    flip(fs, TILE, 10 * 32 + 5);
    expect((await world.auditFiles(fs)).faults).toMatchObject([
      { code: 'LS_AUDIT_TILE', file: TILE, offset: 320, index: 10 },
    ]);
    fs.delete(TILE);
    expect(await world.auditFiles(fs)).toMatchObject({ ok: true });
  });
});

async function written(beats = 5): Promise<{ readonly fs: MemoryLedgerFs; readonly world: AuditWorld }> {
  const world = AuditWorld.story(beats);
  const fs = new MemoryLedgerFs();
  for (const node of world.nodes) await node.write(fs);
  return { fs, world };
}

function offsetOf(fs: MemoryLedgerFs, index: number): number {
  return scanSegment(fs.get(SEGMENT) ?? new Uint8Array(0)).frames[index]?.offset ?? -1;
}

function flip(fs: MemoryLedgerFs, path: string, at: number): void {
  const byte = fs.get(path)?.[at];
  if (byte === undefined) throw new Error(`${path} has no byte ${String(at)}`);
  put(fs, path, at, Uint8Array.of(byte ^ 1));
}

function put(fs: MemoryLedgerFs, path: string, at: number, bytes: Uint8Array): void {
  const found = fs.get(path) ?? new Uint8Array(0);
  const altered = new Uint8Array(Math.max(found.length, at + bytes.length));
  altered.set(found);
  altered.set(bytes, at);
  fs.put(path, altered);
}

function missingIn(world: AuditWorld, segments: readonly string[], gone: string): number {
  const first = (path: string | undefined): number =>
    path === undefined ? world.alpha.bodies.length : Number(/(\d{16})\.seg/.exec(path)?.[1]);
  return first(segments[segments.indexOf(gone) + 1]) - first(gone);
}
