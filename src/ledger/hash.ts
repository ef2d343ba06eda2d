import type { CryptoPort } from '../std/index.ts';

/** Bytes of every hash in the tree. */
export const HASH_BYTES = 32;

/**
 * The three hashes of a Merkle tree, domain-separated so that a leaf can't pass for a node.
 * Source: RFC 9162 §2.1.1 (the same as RFC 6962 §2.1).
 */
export interface TreeHasher {
  /** SHA-256(0x00 ‖ body). */
  leaf(body: Uint8Array): Uint8Array;
  /** SHA-256(0x01 ‖ left ‖ right). Requires: both 32 bytes. */
  node(left: Uint8Array, right: Uint8Array): Uint8Array;
  /** Root of the tree without leaves: SHA-256 of nothing. */
  empty(): Uint8Array;
}

/** What a leaf is hashed behind, for those who hash it in pieces. */
export const LEAF_PREFIX = Uint8Array.of(0x00);
const NODE_PREFIX = 0x01;
/** Longer leaves are hashed in two parts, so that no large buffer is kept. */
const LEAF_SCRATCH_BYTES = 4_096;

/** One part per call is the fast path of every crypto port, hence the scratch buffers. Not re-entrant, which synchronous calls never are. */
export function treeHasher(crypto: Pick<CryptoPort, 'sha256'>): TreeHasher {
  const nodeScratch = new Uint8Array(1 + 2 * HASH_BYTES);
  nodeScratch[0] = NODE_PREFIX;
  const leafScratch = new Uint8Array(1 + LEAF_SCRATCH_BYTES);
  return {
    leaf(body) {
      if (body.length > LEAF_SCRATCH_BYTES) return crypto.sha256(LEAF_PREFIX, body);
      leafScratch.set(body, 1);
      return crypto.sha256(leafScratch.subarray(0, 1 + body.length));
    },
    node(left, right) {
      nodeScratch.set(left, 1);
      nodeScratch.set(right, 1 + HASH_BYTES);
      return crypto.sha256(nodeScratch);
    },
    empty() {
      return crypto.sha256(new Uint8Array(0));
    },
  };
}
