import { HASH_BYTES, type TreeHasher } from './hash.ts';
import { MerkleTree } from './tree.ts';

/** Levels of the tree that one tile spans. Source: C2SP tlog-tiles. */
export const TILE_HEIGHT = 8;
/** Hashes in a full tile. */
export const TILE_WIDTH = 256;
/** Bytes of a full tile. */
export const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

/**
 * A full tile: at level 0 the hashes of leaves 256·index … 256·index + 255, at level L the roots of that many
 * full tiles of level L − 1. Source: C2SP tlog-tiles.
 */
export interface Tile {
  readonly level: number;
  readonly index: number;
  /** 8,192 bytes. */
  readonly bytes: Uint8Array;
}

/** `tile/<L>/<N>`, N in groups of three digits, all but the last with an `x` before them: `tile/0/x001/x234/067`. */
export function tilePath(level: number, index: number): string {
  const groups: string[] = [];
  let rest = index;
  do {
    groups.unshift(String(rest % 1_000).padStart(3, '0'));
    rest = Math.floor(rest / 1_000);
  } while (rest > 0);
  const last = groups.pop() ?? '000';
  return ['tile', String(level), ...groups.map((group) => `x${group}`), last].join('/');
}

/** Full tiles of `level` in a tree of `size` leaves. */
export function fullTiles(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** (level + 1));
}

/** Root of the perfect subtree that a full tile spans. */
export function tileRoot(bytes: Uint8Array, hasher: TreeHasher): Uint8Array {
  const tree = new MerkleTree(hasher);
  for (let at = 0; at < TILE_BYTES; at += HASH_BYTES) tree.append(bytes.subarray(at, at + HASH_BYTES));
  return tree.root();
}
