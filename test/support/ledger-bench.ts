import { expect } from 'vitest';
import {
  ledgerLayout,
  nodeCrypto,
  openLedger,
  readEntries,
  type Ledger,
  type LedgerFs,
  type LedgerOptions,
} from '../../src/io/index.ts';
import {
  fullTiles,
  logKeyOfSpki,
  openCheckpoint,
  TiledTree,
  TILE_WIDTH,
  tilePath,
  treeHasher,
  type Tile,
} from '../../src/ledger/index.ts';
import { monoMs, unixMs, type Clock } from '../../src/std/index.ts';
import { testKey } from './crypto.ts';
import { valueOf } from './result.ts';

export const LEDGER_DIR = '/home/ledger';
export const LEDGER_ORIGIN = 'lifesign/mesh.internal/0123456789abcdef0123456789abcdef';
export const ledgerKey = testKey('Ed25519');
/** Small, so that a few entries make files grow and rotate. */
export const SMALL_SIZES = { segmentBytes: 2_048, preallocateBytes: 256 };

/** A clock that stands still until it is moved. */
export class StillClock implements Clock {
  ms = 0;

  now(): { readonly mono: ReturnType<typeof monoMs>; readonly wall: ReturnType<typeof unixMs> } {
    return { mono: monoMs(this.ms), wall: unixMs(this.ms) };
  }
}

export function openTestLedger(fs: LedgerFs, options: Partial<LedgerOptions> = {}): Promise<Ledger> {
  return openLedger({
    dir: LEDGER_DIR,
    signer: ledgerKey,
    origin: LEDGER_ORIGIN,
    crypto: nodeCrypto,
    fs,
    sizes: SMALL_SIZES,
    ...options,
  });
}

export async function entriesOf(fs: LedgerFs, dir: string = LEDGER_DIR): Promise<Uint8Array[]> {
  const bodies: Uint8Array[] = [];
  for await (const { body, index } of readEntries(fs, ledgerLayout(dir))) {
    expect(index).toBe(bodies.length);
    bodies.push(body.slice());
  }
  return bodies;
}

/** Checks everything a closed or just opened ledger promises: head, checkpoint, tiles and entries say the same. */
export async function expectCoherent(fs: LedgerFs, ledger: Ledger): Promise<Uint8Array[]> {
  const entries = await entriesOf(fs);
  const hasher = treeHasher(nodeCrypto);
  const tree = new TiledTree(hasher);
  const tiles: Tile[] = entries.flatMap((body) => [...tree.append(hasher.leaf(body))]);
  expect(ledger.head()).toEqual({ size: entries.length, root: tree.root() });
  const note = (await fs.read(`${LEDGER_DIR}/checkpoint`, 1 << 16)) ?? new Uint8Array(0);
  const key = logKeyOfSpki(ledgerKey.spki) ?? new Uint8Array(0);
  const checkpoint = valueOf(openCheckpoint(note, LEDGER_ORIGIN, key, nodeCrypto));
  expect(checkpoint).toEqual({ origin: LEDGER_ORIGIN, ...ledger.head() });
  expect(tiles).toHaveLength(fullTiles(0, entries.length) + fullTiles(1, entries.length));
  for (const { level, index, bytes } of tiles) {
    expect(await fs.read(`${LEDGER_DIR}/${tilePath(level, index)}`, 32 * TILE_WIDTH)).toEqual(bytes);
  }
  return entries;
}
