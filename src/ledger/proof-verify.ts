import { equalBytes, err, fault, ok } from '../std/index.ts';
import type { Fault, Result } from '../std/index.ts';
import { HASH_BYTES, type TreeHasher } from './hash.ts';
import { isSubtree, type LeafRange } from './proof.ts';

/** A proof has at most one hash per level of the largest tree (2^53 leaves), and one more. */
export const MAX_PROOF_HASHES = 54;

/**
 * Checks that the leaf with hash `leafHash` is number `index` in the tree of `size` leaves with this root.
 * Errors: LS_LEDGER_PROOF.
 * Source: RFC 9162 §2.1.3.2.
 */
export function verifyInclusion(
  claim: {
    readonly index: number;
    readonly size: number;
    readonly root: Uint8Array;
    readonly leafHash: Uint8Array;
  },
  proof: readonly Uint8Array[],
  hasher: TreeHasher,
): Result<void, Fault> {
  const { index, size, leafHash } = claim;
  if (!isSize(index) || !isSize(size) || index >= size) {
    return refuse(`leaf ${String(index)} is not in a tree of ${String(size)}`);
  }
  const shape = checkHashes([leafHash, ...proof]);
  if (!shape.ok) return shape;
  let node = index;
  let last = size - 1;
  let root = leafHash;
  for (const hash of proof) {
    if (last === 0) return refuse('the proof is too long');
    if (isOdd(node) || node === last) {
      root = hasher.node(hash, root);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      root = hasher.node(root, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  return finish(last, [[root, claim.root]]);
}

/**
 * Checks that the tree of `oldSize` leaves with root `oldRoot` is a prefix of the tree of `size` leaves with root `root`.
 * A proof from the empty tree proves nothing and is refused.
 * Errors: LS_LEDGER_PROOF.
 * Source: RFC 9162 §2.1.4.2.
 */
export function verifyConsistency(
  claim: {
    readonly oldSize: number;
    readonly size: number;
    readonly oldRoot: Uint8Array;
    readonly root: Uint8Array;
  },
  proof: readonly Uint8Array[],
  hasher: TreeHasher,
): Result<void, Fault> {
  if (claim.oldSize === 0) return refuse('nothing is consistent with an empty tree');
  const range = { begin: 0, end: claim.oldSize };
  const { size, oldRoot, root } = claim;
  return verifySubtreeConsistency({ range, size, rangeRoot: oldRoot, root }, proof, hasher);
}

/**
 * Checks that a leaf is in the subtree over `range` with this root.
 * Errors: LS_LEDGER_PROOF.
 * Source: draft-ietf-plants-merkle-tree-certs (subtree inclusion proofs).
 */
export function verifySubtreeInclusion(
  claim: {
    readonly index: number;
    readonly range: LeafRange;
    readonly root: Uint8Array;
    readonly leafHash: Uint8Array;
  },
  proof: readonly Uint8Array[],
  hasher: TreeHasher,
): Result<void, Fault> {
  const { range, root, leafHash } = claim;
  if (!isSubtree(range)) return refuse(`${describe(range)} is not a subtree`);
  const index = claim.index - range.begin;
  return verifyInclusion({ index, size: range.end - range.begin, root, leafHash }, proof, hasher);
}

/**
 * Checks that the subtree over `range` with root `rangeRoot` is part of the tree of `size` leaves with root `root`.
 * An empty range is part of every tree, whatever its root.
 * Errors: LS_LEDGER_PROOF.
 * Source: draft-ietf-plants-merkle-tree-certs (subtree consistency proofs).
 */
export function verifySubtreeConsistency(
  claim: {
    readonly range: LeafRange;
    readonly size: number;
    readonly rangeRoot: Uint8Array;
    readonly root: Uint8Array;
  },
  proof: readonly Uint8Array[],
  hasher: TreeHasher,
): Result<void, Fault> {
  const { range, size } = claim;
  if (!isSubtree(range) || !isSize(size) || range.end > size) {
    return refuse(`${describe(range)} is not a subtree of a tree of ${String(size)}`);
  }
  const shape = checkHashes(proof);
  if (!shape.ok) return shape;
  if (range.begin === range.end) return finish(proof.length, [[hasher.empty(), claim.rangeRoot]]);
  const walk = new ConsistencyWalk(range, size);
  const [seed, ...rest] = walk.startsAtRange() ? [claim.rangeRoot, ...proof] : proof;
  if (seed === undefined) return refuse('the proof is too short');
  let rangeRoot = seed;
  let root = seed;
  for (const hash of rest) {
    const step = walk.next();
    if (step === 'end') return refuse('the proof is too long');
    if (step === 'both') rangeRoot = hasher.node(hash, rangeRoot);
    root = step === 'right' ? hasher.node(root, hash) : hasher.node(hash, root);
  }
  return finish(walk.levelsLeft(), [
    [rangeRoot, claim.rangeRoot],
    [root, claim.root],
  ]);
}

/** The positions of the range's first and last node and of the tree's last node, level by level upwards. */
class ConsistencyWalk {
  #first: number;
  #last: number;
  #end: number;

  constructor(range: LeafRange, size: number) {
    this.#first = range.begin;
    this.#last = range.end - 1;
    this.#end = size - 1;
    const wholeEdge = this.#last === this.#end;
    while (this.#first !== this.#last && (wholeEdge || isOdd(this.#last))) this.#up();
  }

  /** True when the range itself is a node of the tree, so that its root is the proof's starting point. */
  startsAtRange(): boolean {
    return this.#first === this.#last;
  }

  /** Where the next hash goes: left of both roots, left of the tree's root only, or right of the tree's root. */
  next(): 'both' | 'left' | 'right' | 'end' {
    if (this.#end === 0) return 'end';
    if (!isOdd(this.#last) && this.#last !== this.#end) {
      this.#up();
      return 'right';
    }
    const step = this.#first < this.#last ? 'both' : 'left';
    while (!isOdd(this.#last) && this.#last !== 0) this.#up();
    this.#up();
    return step;
  }

  /** 0 once the walk has come to the root. */
  levelsLeft(): number {
    return this.#end;
  }

  #up(): void {
    this.#first = half(this.#first);
    this.#last = half(this.#last);
    this.#end = half(this.#end);
  }
}

function finish(
  levelsLeft: number,
  pairs: readonly (readonly [Uint8Array, Uint8Array])[],
): Result<void, Fault> {
  if (levelsLeft !== 0) return refuse('the proof has the wrong length');
  return pairs.every(([computed, claimed]) => equalBytes(computed, claimed))
    ? ok(undefined)
    : refuse('the proof leads to another root');
}

function checkHashes(hashes: readonly Uint8Array[]): Result<void, Fault> {
  if (hashes.length > MAX_PROOF_HASHES + 1) return refuse(`${String(hashes.length)} hashes are too many`);
  const bad = hashes.find((hash) => hash.length !== HASH_BYTES);
  return bad === undefined ? ok(undefined) : refuse(`a hash of ${String(bad.length)} bytes`);
}

function refuse(detail: string): Result<never, Fault> {
  return err(fault('LS_LEDGER_PROOF', detail));
}

function describe({ begin, end }: LeafRange): string {
  return `[${String(begin)}, ${String(end)})`;
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);
