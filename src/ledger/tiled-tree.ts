import { HASH_BYTES, type TreeHasher } from './hash.ts';
import { TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, type Tile } from './tile.ts';
import { MerkleTree } from './tree.ts';

/** The hashes of one level that do not fill a tile yet. */
interface Row {
  readonly bytes: Uint8Array;
  width: number;
  /** Index of the tile that the row will become. */
  index: number;
}

/** A Merkle tree that also yields its full tiles, each once, as a pure function of the leaves appended. */
export class TiledTree {
  readonly #hasher: TreeHasher;
  readonly #tree: MerkleTree;
  readonly #rows: Row[];

  constructor(hasher: TreeHasher, parts?: { readonly tree: MerkleTree; readonly rows: Row[] }) {
    this.#hasher = hasher;
    this.#tree = parts?.tree ?? new MerkleTree(hasher);
    this.#rows = parts?.rows ?? [];
  }

  get size(): number {
    return this.#tree.size;
  }

  root(): Uint8Array {
    return this.#tree.root();
  }

  /** Adds one leaf and returns the tiles that it filled, lower levels first. */
  append(leafHash: Uint8Array): readonly Tile[] {
    return this.appendTileRoot(0, leafHash);
  }

  /**
   * Adds 256^level leaves at once by the root of the full tile of level − 1 that spans them (level 0: a leaf).
   * This is how a tree is restored from stored tiles.
   * Requires: the size is a multiple of 256^level.
   */
  appendTileRoot(level: number, hash: Uint8Array): readonly Tile[] {
    const filled: Tile[] = [];
    for (let below = 0; below < level; below++) this.#row(below).index += TILE_WIDTH ** (level - below - 1);
    this.#tree.appendSubtree(level * TILE_HEIGHT, hash, (height, subtree) => {
      if (height % TILE_HEIGHT !== 0) return;
      const tile = this.#push(height / TILE_HEIGHT, subtree);
      if (tile !== undefined) filled.push(tile);
    });
    return filled;
  }

  /** The tree as it is now, without tiles: cheap to keep. */
  snapshot(): MerkleTree {
    return this.#tree.clone();
  }

  clone(): TiledTree {
    const rows = this.#rows.map((row) => ({ ...row, bytes: row.bytes.slice() }));
    return new TiledTree(this.#hasher, { tree: this.#tree.clone(), rows });
  }

  #push(level: number, hash: Uint8Array): Tile | undefined {
    const row = this.#row(level);
    row.bytes.set(hash, row.width * HASH_BYTES);
    row.width += 1;
    if (row.width < TILE_WIDTH) return undefined;
    const tile = { level, index: row.index, bytes: row.bytes };
    this.#rows[level] = emptyRow(row.index + 1);
    return tile;
  }

  #row(level: number): Row {
    while (this.#rows.length <= level) this.#rows.push(emptyRow(0));
    const row = this.#rows[level];
    if (row === undefined) throw new RangeError(`no row ${String(level)}`);
    return row;
  }
}

/** A full tile whose root, appended at `level`, restores part of a tree. */
export interface RestoreStep {
  readonly level: number;
  readonly tile: { readonly level: number; readonly index: number };
}

/**
 * The tiles that restore a tree of at most `size` leaves without its leaves, in the order in which
 * {@link TiledTree.appendTileRoot} takes their roots. They cover the leaves below 256 · ⌊size / 256⌋.
 */
export function restorePlan(size: number): readonly RestoreStep[] {
  const steps: RestoreStep[] = [];
  let covered = 0;
  let level = 0;
  while (size >= TILE_WIDTH ** (level + 1)) level += 1;
  for (; level > 0; level--) {
    const leaves = TILE_WIDTH ** level;
    for (let index = covered / leaves; (index + 1) * leaves <= size; index++) {
      steps.push({ level, tile: { level: level - 1, index } });
      covered += leaves;
    }
  }
  return steps;
}

function emptyRow(index: number): Row {
  return { bytes: new Uint8Array(TILE_BYTES), width: 0, index };
}
