import type { TreeHasher } from './hash.ts';

/**
 * Hash of the perfect subtree over leaves index·2^level … (index + 1)·2^level − 1.
 * Where it comes from (tiles, a cache, the leaves) is the caller's business.
 */
export type SubtreeReader = (level: number, index: number) => Uint8Array;

/**
 * Shows that leaf `index` is in the tree of `size` leaves: the hashes beside its path, from the leaf up.
 * Requires: 0 ≤ index < size.
 * Source: RFC 9162 §2.1.3.1.
 */
export function inclusionProof(
  index: number,
  size: number,
  read: SubtreeReader,
  hasher: TreeHasher,
): Uint8Array[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`no leaf ${String(index)} in ${String(size)}`);
  return subtreeInclusion(index, { begin: 0, end: size }, { read, hasher });
}

/**
 * Shows that the tree of `oldSize` leaves is a prefix of the tree of `size` leaves.
 * Requires: 1 ≤ oldSize ≤ size.
 * Source: RFC 9162 §2.1.4.1.
 */
export function consistencyProof(
  oldSize: number,
  size: number,
  read: SubtreeReader,
  hasher: TreeHasher,
): Uint8Array[] {
  return subtreeConsistencyProof({ begin: 0, end: oldSize }, size, read, hasher);
}

/** Leaves begin … end − 1. */
export interface LeafRange {
  readonly begin: number;
  readonly end: number;
}

/**
 * Shows that the subtree over `range` is part of the tree of `size` leaves; with begin = 0 a consistency proof.
 * Requires: {@link isSubtree}, and range.end ≤ size.
 * Source: draft-ietf-plants-merkle-tree-certs (subtree consistency proofs), a generalisation of RFC 9162 §2.1.4.1.
 */
export function subtreeConsistencyProof(
  range: LeafRange,
  size: number,
  read: SubtreeReader,
  hasher: TreeHasher,
): Uint8Array[] {
  if (!isSubtree(range) || range.end > size || range.begin === range.end) {
    throw new RangeError(`no subtree ${String(range.begin)} to ${String(range.end)} in ${String(size)}`);
  }
  return subtreeConsistency(range, { begin: 0, end: size }, true, { read, hasher });
}

/** True when `range` begins at a multiple of the smallest power of two that its length fits in. */
export function isSubtree({ begin, end }: LeafRange): boolean {
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || begin > end) return false;
  let width = 1;
  while (width < end - begin) width *= 2;
  return begin % width === 0;
}

/** Root of the subtree over `range`. Requires: not empty, and begin aligned as in {@link isSubtree}. */
export function rootOfRange({ begin, end }: LeafRange, read: SubtreeReader, hasher: TreeHasher): Uint8Array {
  const width = 2 ** log2Floor(end - begin);
  const left = read(log2Floor(width), begin / width);
  return begin + width === end
    ? left
    : hasher.node(left, rootOfRange({ begin: begin + width, end }, read, hasher));
}

interface Source {
  readonly read: SubtreeReader;
  readonly hasher: TreeHasher;
}

function subtreeInclusion(index: number, tree: LeafRange, source: Source): Uint8Array[] {
  if (tree.end - tree.begin === 1) return [];
  const [left, right] = split(tree);
  const [inside, beside] = index < left.end ? [left, right] : [right, left];
  return [...subtreeInclusion(index, inside, source), rootOfRange(beside, source.read, source.hasher)];
}

/** `known`: the verifier can compute the hash of `tree` itself, because it is the whole range it was given. */
function subtreeConsistency(range: LeafRange, tree: LeafRange, known: boolean, source: Source): Uint8Array[] {
  const rootOf = (part: LeafRange): Uint8Array => rootOfRange(part, source.read, source.hasher);
  if (range.begin === tree.begin && range.end === tree.end) return known ? [] : [rootOf(tree)];
  const [left, right] = split(tree);
  if (range.end <= left.end) return [...subtreeConsistency(range, left, known, source), rootOf(right)];
  if (range.begin >= right.begin) return [...subtreeConsistency(range, right, known, source), rootOf(left)];
  const rest = { begin: right.begin, end: range.end };
  return [...subtreeConsistency(rest, right, false, source), rootOf(left)];
}

/** The tree's two halves: the left one is the largest power of two below its length. */
function split({ begin, end }: LeafRange): readonly [LeafRange, LeafRange] {
  const middle = begin + 2 ** log2Floor(end - begin - 1);
  return [
    { begin, end: middle },
    { begin: middle, end },
  ];
}

/** Requires: 1 ≤ value ≤ 2^53 − 1. */
function log2Floor(value: number): number {
  let log = 0;
  for (let rest = value; rest >= 2; rest = Math.floor(rest / 2)) log += 1;
  return log;
}
