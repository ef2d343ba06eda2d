import { dirname } from 'node:path';
import { TILE_BYTES, type Tile } from '../../ledger/index.ts';
import type { LedgerFs } from './ledger-fs.ts';
import { tileFile, type LedgerLayout } from './layout.ts';

/** Full tiles as files. They are derived from the segments, so they are written without fsync and never trusted beyond the checkpoint. */
export class TileStore {
  readonly #fs: LedgerFs;
  readonly #layout: LedgerLayout;
  readonly #madeDirs = new Set<string>();

  constructor(fs: LedgerFs, layout: LedgerLayout) {
    this.#fs = fs;
    this.#layout = layout;
  }

  /** Writes a tile over whatever is in its place, of whatever size. */
  async replace(tile: Tile): Promise<void> {
    await this.#fs.remove(tileFile(this.#layout, tile.level, tile.index));
    await this.write(tile);
  }

  /** Writes a tile that is new. */
  async write({ level, index, bytes }: Tile): Promise<void> {
    const path = tileFile(this.#layout, level, index);
    await this.#makeDir(dirname(path));
    const file = await this.#fs.open(path);
    try {
      await file.write(bytes, 0);
    } finally {
      await file.close();
    }
  }

  /** The tile's 8,192 bytes; undefined when the file is missing or of another size. */
  async read(level: number, index: number): Promise<Uint8Array | undefined> {
    const path = tileFile(this.#layout, level, index);
    try {
      const bytes = await this.#fs.read(path, TILE_BYTES);
      return bytes?.length === TILE_BYTES ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  /** One directory holds up to a thousand tiles: only the newest few are remembered. */
  async #makeDir(path: string): Promise<void> {
    if (this.#madeDirs.has(path)) return;
    await this.#fs.makeDir(path);
    if (this.#madeDirs.size >= MAX_REMEMBERED_DIRS) this.#madeDirs.clear();
    this.#madeDirs.add(path);
  }
}

const MAX_REMEMBERED_DIRS = 64;
