import { expect } from 'vitest';
import { nodeCrypto } from '../../src/io/index.ts';
import { MerkleTree, treeHasher } from '../../src/ledger/index.ts';
import { decodeAccusation, decodeLeave } from '../../src/membership/index.ts';
import type { CertId } from '../../src/std/index.ts';
import { foundRecords, isUnlogged, ledgerBodies, ledgerEntries, type FoundRecord } from './node-ledger.ts';
import { valueOf } from './result.ts';

/** What one node has said, as one ledger holds it. */
export interface Testimony {
  readonly records: readonly FoundRecord[];
  /** Accusations and leaves, in hex. */
  readonly statements: readonly string[];
}

/** What the certificate `certId` has signed, as the ledger of `home` holds it, in order. */
export async function testimonyOf(certId: CertId, home: string): Promise<Testimony> {
  const entries = await ledgerEntries(home);
  return {
    records: foundRecords(entries).filter(({ body }) => body.certId === certId),
    statements: entries.flatMap((entry) => {
      if (entry.type !== 'accusation' && entry.type !== 'leave') return [];
      const decode = entry.type === 'accusation' ? decodeAccusation : decodeLeave;
      return valueOf<{ body: { certId: CertId } }>(decode(entry.record)).body.certId === certId
        ? [hex(entry.record)]
        : [];
    }),
  };
}

/** What others heard and must have been durable before it was sent is in the node's own ledger, byte for byte. */
export function expectDurable(own: Testimony, heard: Testimony): void {
  const logged = new Set(own.records.map(({ bytes }) => hex(bytes)));
  const missing = heard.records
    .filter((record) => record.type === 'epoch-start' || !isUnlogged(record.body))
    .filter(({ bytes }) => !logged.has(hex(bytes)));
  expect(missing.map(placeOf)).toEqual([]);
  const stated = new Set(own.statements);
  expect(heard.statements.filter((statement) => !stated.has(statement))).toEqual([]);
}

/** An epoch has one epoch-start, and a number in it one record, wherever they were found. */
export function expectUsedOnce(...testimonies: readonly Testimony[]): void {
  const byPlace = Map.groupBy(
    testimonies.flatMap(({ records }) => records),
    placeOf,
  );
  const doubled = [...byPlace].filter(([, same]) => new Set(same.map(({ bytes }) => hex(bytes))).size > 1);
  expect(doubled.map(([place]) => place)).toEqual([]);
}

/** Epochs, and numbers within one, only go forward. */
export function expectForward({ records }: Testimony): void {
  const backward = records.filter((record, i) => {
    const before = records[i - 1];
    if (before === undefined || before.body.epoch < record.body.epoch) return false;
    return before.body.epoch > record.body.epoch || seqOf(before) >= seqOf(record);
  });
  expect(backward.map(placeOf)).toEqual([]);
}

/** Every tree head that the node signed is one of the log that `home` holds now. */
export async function expectOneLog(home: string, ...testimonies: readonly Testimony[]): Promise<void> {
  const roots = await rootsOf(home);
  const heads = testimonies
    .flatMap(({ records }) => records)
    .flatMap((record) => (record.type === 'heartbeat' && record.body.checkpoint) || []);
  expect(heads.length).toBeGreaterThan(0);
  expect(heads.filter(({ size, root }) => roots[size] !== hex(root))).toEqual([]);
}

/** Root hash by tree size. */
async function rootsOf(home: string): Promise<readonly string[]> {
  const hasher = treeHasher(nodeCrypto);
  const tree = new MerkleTree(hasher);
  const roots = [hex(tree.root())];
  for (const body of await ledgerBodies(home)) {
    tree.append(hasher.leaf(body));
    roots.push(hex(tree.root()));
  }
  return roots;
}

function placeOf(record: FoundRecord): string {
  return `epoch ${record.body.epoch}, number ${seqOf(record)}`;
}

function seqOf(record: FoundRecord): number {
  return record.type === 'heartbeat' ? record.body.seq : 0;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
