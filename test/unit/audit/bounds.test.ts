import { describe, expect, it } from 'vitest';
import {
  MAX_FINDINGS,
  MAX_TRACKED_NODES,
  MAX_TRACKED_ROSTERS,
  WINDOW_EPOCHS,
  WINDOW_RECORDS,
  WINDOW_SIZES,
} from '../../../src/audit/index.ts';
import { CertificateBook, MAX_TRACKED_CERTIFICATES } from '../../../src/audit/certificate-book.ts';
import { Evidence } from '../../../src/audit/evidence.ts';
import { History } from '../../../src/audit/history.ts';
import { HomeState, MAX_DOUBTS } from '../../../src/audit/home-state.ts';
import { KeyHistory, MAX_KEYS_PER_NODE } from '../../../src/audit/key-history.ts';
import { LogTree, MAX_PENDING_CLAIMS } from '../../../src/audit/log-tree.ts';
import { Findings, type Place } from '../../../src/audit/report.ts';
import { MAX_TRACKED_CRLS, RevocationBook } from '../../../src/audit/revocation-book.ts';
import { MAX_LOG_PEERS, OwnSequence, PeerSequences } from '../../../src/audit/sequence.ts';
import { LedgerDirectory } from '../../../src/io/index.ts';
import { treeHasher } from '../../../src/ledger/index.ts';
import { digestOf, nodeIdOf, utf8, type NodeId } from '../../../src/std/index.ts';
import { AuditWorld, codes } from '../../support/audit-world.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { MemoryLedgerFs } from '../../support/memory-ledger-fs.ts';
import { codeOf } from '../../support/result.ts';

const world = new AuditWorld(['alpha']);
const place: Place = { home: 0, file: 'f', offset: 0, index: 0 };
const source = new LedgerDirectory('/x/ledger', 'x', new MemoryLedgerFs());

describe('the bounds of an audit', () => {
  it('hold for findings: more are counted', () => {
    const findings = new Findings();
    for (let i = 0; i <= MAX_FINDINGS; i++) findings.add('LS_AUDIT_CHAIN', place);
    findings.add('LS_AUDIT_GAP', place);
    expect(findings.faults).toHaveLength(MAX_FINDINGS);
    expect(findings.missing).toHaveLength(1);
    expect(findings.unlisted).toBe(1);
  });

  it('hold for the records of an epoch that are compared', () => {
    const history = new History();
    for (let seq = 0; seq <= WINDOW_RECORDS; seq++)
      expect(history.add(idOf(1), 1, seq, known(seq))).toBe('new');
    expect(history.find(idOf(1), 1, 0)).toBeUndefined();
    expect(history.add(idOf(1), 1, 0, known(0))).toBe('outside-window');
    expect(history.add(idOf(1), 1, 1, known(1))).toBe('same');
  });

  it('hold for a jump over the whole window', () => {
    const history = new History();
    history.add(idOf(1), 1, 5, known(5));
    history.add(idOf(1), 1, 5 + 3 * WINDOW_RECORDS, known(6));
    expect(history.find(idOf(1), 1, 5)).toBeUndefined();
  });

  it('hold for the epochs of a node that are compared', () => {
    const history = new History();
    for (let epoch = 1; epoch <= WINDOW_EPOCHS + 1; epoch++) history.add(idOf(1), epoch, 0, known(epoch));
    expect(history.find(idOf(1), 1, 0)).toBeUndefined();
    expect(history.add(idOf(1), 1, 0, known(1))).toBe('outside-window');
    expect(history.find(idOf(1), 2, 0)).toBeDefined();
  });

  it('hold for the nodes that are compared', () => {
    const history = new History();
    for (let i = 0; i < MAX_TRACKED_NODES; i++) history.add(idOf(i), 1, 0, known(i));
    expect(history.add(idOf(MAX_TRACKED_NODES), 1, 0, known(1))).toBe('outside-window');
    expect(history.nodes).toBe(MAX_TRACKED_NODES);
  });

  it('hold for certificates', () => {
    const book = new CertificateBook(world.bundle, testCrypto);
    for (let i = 0; i < MAX_TRACKED_CERTIFICATES; i++) book.judge([utf8(String(i))], world.now);
    expect(codeOf(book.judge([utf8('one more')], world.now))).toBe('LS_AUDIT_LIMIT');
    expect(codeOf(book.judge([utf8('0')], world.now))).not.toBe('LS_AUDIT_LIMIT');
  });

  it('hold for CRLs', () => {
    const book = new RevocationBook(world.bundle, new CertificateBook(world.bundle, testCrypto), testCrypto);
    for (let i = 0; i < MAX_TRACKED_CRLS; i++) book.take(utf8(String(i)));
    expect(codeOf(book.take(utf8('one more')))).toBe('LS_AUDIT_LIMIT');
  });

  it('hold for rosters: the lowest number goes', () => {
    const evidence = new Evidence(world.bundle, testCrypto);
    const roster = { ...rosterBody(), number: 0 };
    for (let number = 1; number <= MAX_TRACKED_ROSTERS + 1; number++) {
      evidence.keepRoster({ ...roster, number }, new Uint8Array(32));
    }
    expect(evidence.roster(1)).toBeUndefined();
    expect(evidence.roster(2)).toBeDefined();
  });

  it('hold for the keys of a node: the oldest goes', () => {
    const keys = new KeyHistory(world.bundle.domainId, testCrypto);
    const first = testKey('Ed25519');
    keys.startEpoch(idOf(1), 1, first, []);
    for (let i = 0; i < MAX_KEYS_PER_NODE; i++) {
      keys.handOver(idOf(1), 1, { algorithm: 'Ed25519', spki: Uint8Array.of(i) });
    }
    expect(codeOf(keys.startEpoch(idOf(1), 2, first, []))).toBe('LS_RECORD_SUCCESSION');
  });

  it('hold for the peers of a log: more are not followed', () => {
    const peers = new PeerSequences();
    for (let i = 0; i < MAX_LOG_PEERS; i++) peers.next(idOf(i), { epoch: 1, seq: 0 });
    expect(peers.next(idOf(MAX_LOG_PEERS), { epoch: 1, seq: 9 }).kind).toBe('in-order');
    expect(peers.next(idOf(0), { epoch: 2, seq: 9 }).kind).toBe('epoch-order');
  });

  it('hold for doubts about a log', () => {
    const evidence = new Evidence(world.bundle, testCrypto);
    const home = new HomeState(0, source, evidence, undefined, undefined);
    for (let i = 0; i <= MAX_DOUBTS; i++) {
      home.doubt({ code: 'LS_AUDIT_SEQUENCE', place, details: {} });
      home.jump(1, { code: 'LS_AUDIT_CHAIN', place, details: {} });
    }
    home.finish();
    expect(evidence.findings.faults.length + evidence.findings.unlisted).toBe(2 * MAX_DOUBTS);
  });

  it('hold for sizes whose roots can be checked, and for claims about sizes to come', async () => {
    const findings = new Findings();
    const tree = new LogTree(source, findings, treeHasher(testCrypto));
    const root = new Uint8Array(32);
    const claim = (size: number) => ({ size, root, place, node: 'x', epoch: 1, seq: 1 });
    for (let i = 0; i <= MAX_PENDING_CLAIMS; i++) tree.claim(claim(1_000_000 + i), 'LS_AUDIT_FORK');
    for (let i = 0; i <= WINDOW_SIZES; i++) await tree.append(Uint8Array.of(i & 0xff), place);
    tree.claim(claim(0), 'LS_AUDIT_FORK');
    expect(codes(findings.missing)).toEqual(['LS_AUDIT_LIMIT']);
    expect(tree.finish()).toBe(true);
    expect(codes(findings.missing)).toEqual(['LS_AUDIT_LIMIT', 'LS_AUDIT_LOG_SHORT']);
  });
});

describe('the order of a log owner’s own records', () => {
  it('takes anything for the start after unreadable entries, once', () => {
    const own = new OwnSequence();
    own.forgive();
    expect(own.next({ epoch: 4, seq: 9 }).kind).toBe('in-order');
    expect(own.next({ epoch: 4, seq: 12 })).toEqual({ kind: 'jump', missing: 2, expected: 10 });
    expect(own.next({ epoch: 4, seq: 12 }).kind).toBe('sequence');
    expect(own.next({ epoch: 3, seq: 0 }).kind).toBe('epoch-order');
    expect(own.reached({ epoch: 4, seq: 12 })).toBe(true);
    expect(own.reached({ epoch: 4, seq: 13 })).toBe(false);
  });
});

function idOf(number: number): NodeId {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, number);
  const id = nodeIdOf(bytes);
  if (id === undefined) throw new Error('sixteen bytes make a node id');
  return id;
}

/** A record whose prev is not looked at. */
function known(number: number) {
  const structureHash = testCrypto.sha256(utf8(String(number)));
  const id = digestOf(structureHash);
  if (id === undefined) throw new Error('a hash is a digest');
  return { structureHash, id, prev: undefined };
}

function rosterBody() {
  const { now } = world;
  const certId = world.alpha.identity.certId;
  const salt = new Uint8Array(16);
  const prev = new Uint8Array(32);
  const interval = { intervalMinMs: 200, intervalMaxMs: 5_000 };
  return { certId, prev, tMs: now, salt, k: 1, h: 1, ...interval, members: [], ext: new Map() };
}
