import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  treeHasher,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../../src/ledger/index.ts';
import { testCrypto } from '../support/crypto.ts';

/** Vectors of the transparency-dev project, one probe a file; see the README beside them. */
const FOLDER = fileURLToPath(new URL('../../../shared/conformance/merkle', import.meta.url));
/** Files in the folder when this test was written: fewer means an incomplete checkout. */
const EXPECTED_FILES = 518;

interface Probe {
  readonly desc: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
  readonly root: string;
  readonly root1: string;
  readonly root2: string;
  readonly leafHash: string;
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly size: number;
  readonly size1: number;
  readonly size2: number;
  readonly start: number;
  readonly end: number;
}

const hasher = treeHasher(testCrypto);
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

const verifiers: Record<string, (probe: Probe, proof: readonly Uint8Array[]) => { readonly ok: boolean }> = {
  inclusion: (p, proof) =>
    verifyInclusion(
      { index: p.leafIdx, size: p.treeSize, root: bytes(p.root), leafHash: bytes(p.leafHash) },
      proof,
      hasher,
    ),
  consistency: (p, proof) =>
    verifyConsistency(
      { oldSize: p.size1, size: p.size2, oldRoot: bytes(p.root1), root: bytes(p.root2) },
      proof,
      hasher,
    ),
  subtreeinclusion: (p, proof) =>
    verifySubtreeInclusion(
      {
        index: p.leafIdx,
        range: { begin: p.start, end: p.end },
        root: bytes(p.root),
        leafHash: bytes(p.leafHash),
      },
      proof,
      hasher,
    ),
  subtreeconsistency: (p, proof) =>
    verifySubtreeConsistency(
      {
        range: { begin: p.start, end: p.end },
        size: p.size,
        rangeRoot: bytes(p.root1),
        root: bytes(p.root2),
      },
      proof,
      hasher,
    ),
};

if (!existsSync(FOLDER)) {
  throw new Error(`the Merkle vectors are missing: expected them at ${FOLDER}, beside this checkout`);
}
const files = jsonFiles(FOLDER);

describe('the Merkle vectors of transparency-dev', () => {
  it('are all there', () => {
    expect(files.length).toBeGreaterThanOrEqual(EXPECTED_FILES);
  });

  it.each(Object.keys(verifiers))('get the expected verdict, every one: %s', (kind) => {
    const own = files.filter((file) => relative(FOLDER, file).startsWith(`${kind}/`));
    expect(own.length).toBeGreaterThan(90);
    const wrong = own.filter((file) => !hasExpectedVerdict(kind, file));
    expect(wrong.map((file) => relative(FOLDER, file))).toEqual([]);
  });
});

function hasExpectedVerdict(kind: string, file: string): boolean {
  const probe = JSON.parse(readFileSync(file, 'utf8')) as Probe;
  const verdict = verifiers[kind]?.(probe, (probe.proof ?? []).map(bytes));
  return verdict?.ok === !probe.wantErr;
}

function jsonFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return jsonFiles(path);
    return path.endsWith('.json') ? [path] : [];
  });
}
