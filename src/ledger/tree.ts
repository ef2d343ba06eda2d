import type { TreeHasher } from './hash.ts';

/** A perfect subtree: its root, and how many levels it stands above the leaves (0: a leaf). */
interface Subtree {
  readonly level: number;
  readonly hash: Uint8Array;
}

/** Told of every perfect subtree the moment its last leaf is appended, lower levels first; a leaf is level 0. */
export type SubtreeListener = (level: number, hash: Uint8Array) => void;

/**
 * An append-only Merkle tree that keeps only its right edge: one hash per bit set in its size, at most 53.
 * Source: RFC 9162 §2.1.1.
 */
export class MerkleTree {
  readonly #hasher: TreeHasher;
  #size = 0;
  /** Roots of the perfect subtrees that cover all leaves, largest (leftmost) first. */
  #edge: Subtree[] = [];

  constructor(hasher: TreeHasher) {
    this.#hasher = hasher;
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds the leaf with this leaf hash (32 bytes). */
  append(leafHash: Uint8Array, onSubtree?: SubtreeListener): void {
    this.appendSubtree(0, leafHash, onSubtree);
  }

  /**
   * Adds 2^level leaves at once by the root of their perfect subtree.
   * Requires: the size is a multiple of 2^level; throws RangeError otherwise.
   */
  appendSubtree(level: number, hash: Uint8Array, onSubtree?: SubtreeListener): void {
    const leaves = 2 ** level;
    if (this.#size % leaves !== 0) {
      throw new RangeError(`a subtree of ${String(leaves)} leaves can't follow ${String(this.#size)}`);
    }
    let joined: Subtree = { level, hash };
    onSubtree?.(level, hash);
    for (let last = this.#edge.at(-1); last?.level === joined.level; last = this.#edge.at(-1)) {
      this.#edge.pop();
      joined = { level: joined.level + 1, hash: this.#hasher.node(last.hash, joined.hash) };
      onSubtree?.(joined.level, joined.hash);
    }
    this.#edge.push(joined);
    this.#size += leaves;
  }

  /** Hash of the whole tree. */
  root(): Uint8Array {
    let root = this.#edge.at(-1)?.hash;
    if (root === undefined) return this.#hasher.empty();
    for (let i = this.#edge.length - 2; i >= 0; i--) {
      const left = this.#edge[i];
      if (left !== undefined) root = this.#hasher.node(left.hash, root);
    }
    return root;
  }

  /** An independent copy; hashes are shared because nobody changes them. */
  clone(): MerkleTree {
    const copy = new MerkleTree(this.#hasher);
    copy.#size = this.#size;
    copy.#edge = [...this.#edge];
    return copy;
  }
}
