import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  fullTiles,
  inclusionProof,
  MerkleTree,
  restorePlan,
  rootOfRange,
  subtreeConsistencyProof,
  TiledTree,
  TILE_WIDTH,
  tileRoot,
  treeHasher,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
  isSubtree,
  type Tile,
} from '../../src/ledger/index.ts';
import { testCrypto } from '../support/crypto.ts';
import { naiveConsistency, naiveInclusion, naiveLeafHash, naiveRoot } from '../support/naive-merkle.ts';

const hasher = treeHasher(testCrypto);
const MAX_LEAVES = 70;
const leaves = Array.from({ length: MAX_LEAVES }, (_, i) => naiveLeafHash(Uint8Array.of(i)));
const naiveSubtree = (level: number, index: number): Uint8Array =>
  naiveRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));

describe('the incremental tree and the naive one', () => {
  it('have the same root at every size', () => {
    const tree = new MerkleTree(hasher);
    for (let size = 0; size <= MAX_LEAVES; size++) {
      expect(tree.root()).toEqual(naiveRoot(leaves.slice(0, size)));
      const next = leaves[size];
      if (next !== undefined) tree.append(next);
    }
  });

  it('make the same inclusion proofs, and the verifier takes each for its own leaf only', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_LEAVES }), fc.nat(), fc.nat(), (size, at, other) => {
        const index = at % size;
        const tree = leaves.slice(0, size);
        const proof = inclusionProof(index, size, naiveSubtree, hasher);
        expect(proof).toEqual(naiveInclusion(index, tree));
        const root = naiveRoot(tree);
        const leafHash = leaves[index] ?? new Uint8Array();
        expect(verifyInclusion({ index, size, root, leafHash }, proof, hasher).ok).toBe(true);
        const wrong = other % size;
        if (wrong === index) return;
        expect(verifyInclusion({ index: wrong, size, root, leafHash }, proof, hasher).ok).toBe(false);
      }),
    );
  });

  it('make the same consistency proofs, and the verifier takes each for its own sizes and roots only', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_LEAVES }), fc.nat(), fc.nat(), (size, a, b) => {
        const oldSize = 1 + (a % size);
        const proof = consistencyProof(oldSize, size, naiveSubtree, hasher);
        expect(proof).toEqual(naiveConsistency(oldSize, leaves.slice(0, size)));
        const root = naiveRoot(leaves.slice(0, size));
        const oldRoot = naiveRoot(leaves.slice(0, oldSize));
        expect(verifyConsistency({ oldSize, size, oldRoot, root }, proof, hasher).ok).toBe(true);
        const otherSize = 1 + (b % size);
        if (otherSize === oldSize) return;
        const otherRoot = naiveRoot(leaves.slice(0, otherSize));
        expect(verifyConsistency({ oldSize, size, oldRoot: otherRoot, root }, proof, hasher).ok).toBe(false);
      }),
    );
  });

  it('agree on every subtree: it is included, and another one is not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 33 }), fc.nat(), fc.nat(), (size, a, b) => {
        const begin = a % size;
        const range = { begin, end: begin + 1 + (b % (size - begin)) };
        fc.pre(isSubtree(range));
        const root = naiveRoot(leaves.slice(0, size));
        const inside = leaves.slice(range.begin, range.end);
        const rangeRoot = naiveRoot(inside);
        expect(rootOfRange(range, naiveSubtree, hasher)).toEqual(rangeRoot);
        const proof = subtreeConsistencyProof(range, size, naiveSubtree, hasher);
        expect(verifySubtreeConsistency({ range, size, rangeRoot, root }, proof, hasher).ok).toBe(true);
        const forged = { range, size, rangeRoot: naiveLeafHash(rangeRoot), root };
        expect(verifySubtreeConsistency(forged, proof, hasher).ok).toBe(false);
        const claim = { index: begin, range, root: rangeRoot, leafHash: leaves[begin] ?? new Uint8Array() };
        expect(verifySubtreeInclusion(claim, naiveInclusion(0, inside), hasher).ok).toBe(true);
      }),
    );
  });
});

describe('full tiles', () => {
  const SIZES = [0, 1, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 66_200];
  const body = new Uint8Array(4);
  const leafAt = (index: number): Uint8Array => {
    new DataView(body.buffer).setUint32(0, index);
    return hasher.leaf(body);
  };
  const last = Math.max(...SIZES);
  const tiles = new Map<string, Tile>();
  const roots = new Map<number, Uint8Array>();
  const grown = new TiledTree(hasher);
  for (let size = 0; size <= last; size++) {
    if (SIZES.includes(size)) roots.set(size, grown.root());
    for (const tile of grown.append(leafAt(size)))
      tiles.set(`${String(tile.level)}/${String(tile.index)}`, tile);
  }

  it('are each yielded once, and are exactly those that the size demands', () => {
    expect(tiles.size).toBe(fullTiles(0, last + 1) + fullTiles(1, last + 1) + fullTiles(2, last + 1));
  });

  it('hold leaf hashes at level 0 and roots of full tiles above', () => {
    const first = tiles.get('0/0')?.bytes.subarray(0, 32);
    expect(first).toEqual(leafAt(0));
    const second = tiles.get('0/1')?.bytes ?? new Uint8Array();
    expect(tiles.get('1/0')?.bytes.subarray(32, 64)).toEqual(tileRoot(second, hasher));
  });

  it.each(SIZES)('restore a tree of %i leaves, which then grows like the first one', (size) => {
    const tree = new TiledTree(hasher);
    for (const { level, tile } of restorePlan(size)) {
      const stored = tiles.get(`${String(tile.level)}/${String(tile.index)}`);
      expect(stored).toBeDefined();
      tree.appendTileRoot(level, tileRoot(stored?.bytes ?? new Uint8Array(), hasher));
    }
    expect(tree.size).toBe(TILE_WIDTH * Math.floor(size / TILE_WIDTH));
    for (let index = tree.size; index < size; index++) tree.append(leafAt(index));
    expect(tree.root()).toEqual(roots.get(size));
    for (let index = size; index < Math.min(last, size + 600); index++) {
      for (const tile of tree.append(leafAt(index))) {
        expect(tiles.get(`${String(tile.level)}/${String(tile.index)}`)).toEqual(tile);
      }
    }
  });
});
