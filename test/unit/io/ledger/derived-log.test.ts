import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DerivedLog, type LeafSource } from '../../../../src/io/index.ts';
import { openCheckpoint, treeHasher, MerkleTree, TILE_BYTES } from '../../../../src/ledger/index.ts';
import { utf8, type Signer } from '../../../../src/std/index.ts';
import { rawKey } from '../../../support/raw-key.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { valueOf } from '../../../support/result.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const ORIGIN = 'lifesign/mesh.internal/ca';
const hasher = treeHasher(testCrypto);

/** Rows in memory, read in batches as a store does. */
class Rows implements LeafSource {
  bodies: Uint8Array[] = [];
  /** The lowest index that was read since the last call of `forget`. */
  lowest = Number.POSITIVE_INFINITY;

  add(count: number): this {
    for (let n = 0; n < count; n++) this.bodies.push(utf8(`entry ${String(this.bodies.length)}`));
    return this;
  }

  size(): Promise<number> {
    return Promise.resolve(this.bodies.length);
  }

  async *batches(from: number): AsyncGenerator<readonly { index: number; body: Uint8Array }[]> {
    this.lowest = Math.min(this.lowest, from);
    for (let at = from; at < this.bodies.length; at += 10) {
      yield await Promise.resolve(
        this.bodies.slice(at, at + 10).map((body, offset) => ({ index: at + offset, body })),
      );
    }
  }

  root(size: number): Uint8Array {
    const tree = new MerkleTree(hasher);
    for (const body of this.bodies.slice(0, size)) tree.append(hasher.leaf(body));
    return tree.root();
  }
}

async function world() {
  const [dir, signer] = [await tempDir(), testKey('Ed25519')];
  const rows = new Rows();
  const open = (by: Signer = signer, origin = ORIGIN): Promise<DerivedLog> =>
    DerivedLog.open({ dir, origin, signer: by, crypto: testCrypto, source: rows });
  const checkpoint = async () =>
    valueOf(openCheckpoint(await readFile(join(dir, 'checkpoint')), ORIGIN, rawKey(signer), testCrypto));
  const tile = (path: string): string => join(dir, 'tile', path);
  return { dir, rows, open, checkpoint, tile };
}

describe('a log derived from rows', () => {
  it('is signed over all rows, and again only when there are more', async () => {
    const { rows, open, checkpoint } = await world();
    const log = await open();
    expect(log.signed).toBeUndefined();
    rows.add(5);
    expect(await log.advance()).toBe(true);
    expect(await checkpoint()).toEqual({ origin: ORIGIN, size: 5, root: rows.root(5) });
    expect(await log.advance()).toBe(false);
    rows.add(1);
    expect(await log.advance()).toBe(true);
    expect(await checkpoint()).toMatchObject({ size: 6, root: rows.root(6) });
  });

  it('writes full tiles only, and takes up from them without reading what they cover', async () => {
    const { rows, open, checkpoint, tile } = await world();
    rows.add(600);
    await (await open()).advance();
    expect(await readFile(tile('0/001'))).toHaveLength(TILE_BYTES);
    await expect(readFile(tile('0/002'))).rejects.toThrow();
    rows.lowest = Number.POSITIVE_INFINITY;
    rows.add(200);
    const log = await open();
    await log.advance();
    expect(rows.lowest).toBe(512);
    expect(await checkpoint()).toMatchObject({ size: 800, root: rows.root(800) });
    expect(await readFile(tile('0/002'))).toHaveLength(TILE_BYTES);
  });

  it.each(['missing', 'cut', 'altered'])('makes a tile again that is %s', async (how) => {
    const { rows, open, checkpoint, tile } = await world();
    rows.add(300);
    await (await open()).advance();
    const good = await readFile(tile('0/000'));
    if (how === 'missing') await rm(tile('0/000'));
    else await writeFile(tile('0/000'), how === 'cut' ? good.subarray(1) : Buffer.alloc(TILE_BYTES));
    rows.add(1);
    await (await open()).advance();
    expect(await readFile(tile('0/000'))).toEqual(good);
    expect(await checkpoint()).toMatchObject({ size: 301, root: rows.root(301) });
  });

  it('is not signed any more when rows are gone, and the checkpoint stays', async () => {
    const { rows, open, checkpoint } = await world();
    rows.add(20);
    const log = await open();
    await log.advance();
    rows.bodies.pop();
    await expectCode('LS_CA_LEDGER_ROLLBACK', () => log.advance());
    await expectCode('LS_CA_LEDGER_ROLLBACK', () => open());
    expect((await checkpoint()).size).toBe(20);
  });

  it.each([0, 299])(
    'is not signed any more when row %i was altered, unless it is as it was',
    async (index) => {
      const { rows, open, tile } = await world();
      rows.add(300);
      await (await open()).advance();
      await rm(tile('0/000'));
      const body = rows.bodies[index] ?? new Uint8Array();
      rows.bodies[index] = utf8('something else');
      rows.add(1);
      await expectCode('LS_CA_LEDGER_ROLLBACK', () => open());
      rows.bodies[index] = body;
      expect(await (await open()).advance()).toBe(true);
    },
  );

  it('never signs a row that was altered below a tile: it continues the hashes it signed', async () => {
    const { rows, open, checkpoint } = await world();
    rows.add(300);
    await (await open()).advance();
    const honest = rows.root(300);
    rows.bodies[7] = utf8('something else');
    const log = await open();
    expect(await log.advance()).toBe(false);
    expect((await checkpoint()).root).toEqual(honest);
  });

  it('is not signed any more when a row in the middle is missing', async () => {
    const { rows, open } = await world();
    rows.add(20);
    const log = await open();
    await log.advance();
    const batches = rows.batches.bind(rows);
    rows.batches = (from) => batches(from + 1);
    rows.add(5);
    await expectCode('LS_CA_LEDGER_ROLLBACK', () => log.advance());
  });

  it('refuses the checkpoint of another key or another log', async () => {
    const { dir, rows, open } = await world();
    rows.add(3);
    await (await open()).advance();
    await expectCode('LS_CA_LEDGER_CHECKPOINT', () => open(testKey('Ed25519')));
    await expectCode('LS_CA_LEDGER_CHECKPOINT', () => open(undefined, 'lifesign/other.internal/ca'));
    await writeFile(join(dir, 'checkpoint'), 'nothing');
    await expectCode('LS_CA_LEDGER_CHECKPOINT', () => open());
  });

  it('survives a checkpoint that was half written, and reads it as never there', async () => {
    const { dir, rows, open, checkpoint } = await world();
    rows.add(3);
    await (await open()).advance();
    await writeFile(join(dir, 'checkpoint.new'), 'half');
    rows.add(1);
    await (await open()).advance();
    expect((await checkpoint()).size).toBe(4);
  });
});
