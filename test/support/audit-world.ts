import {
  auditVerify,
  type AuditFinding,
  type AuditOptions,
  type AuditReport,
} from '../../src/audit/index.ts';
import {
  signEpochStart,
  signHeartbeat,
  signKeyChange,
  signSuccessor,
  proveKey,
  type EpochStart,
  type Heartbeat,
  type SignedRecord,
} from '../../src/heartbeat/index.ts';
import { LedgerDirectory, openLedger, type LedgerFs } from '../../src/io/index.ts';
import {
  encodeEntry,
  logKeyOfSpki,
  logOrigin,
  MerkleTree,
  treeHasher,
  type LedgerEntry,
} from '../../src/ledger/index.ts';
import {
  assignObservers,
  decodeRoster,
  encodeDownCertificate,
  signAccusation,
  signLeave,
  signRoster,
  type Roster,
} from '../../src/membership/index.ts';
import { unixMs, type UnixMs } from '../../src/std/index.ts';
import { makeTrustBundle, type TrustBundle } from '../../src/trust/index.ts';
import { certIdOfCertificate } from '../../src/x509/index.ts';
import { testCrypto, testKey, type TestKey } from './crypto.ts';
import { MemoryLedgerFs } from './memory-ledger-fs.ts';
import { makeTestPki, type TestIdentity, type TestPki } from './pki.ts';
import { valueOf } from './result.ts';

const SIZES = { segmentBytes: 16 * 1024, preallocateBytes: 4 * 1024 };
const hasher = treeHasher(testCrypto);

/** Nodes that keep ledgers of each other, without a mesh: what honest logs look like, to be spoilt one way at a time. */
export class AuditWorld {
  readonly pki: TestPki;
  readonly bundle: TrustBundle;
  readonly nodes: readonly AuditNode[];
  now: UnixMs;

  constructor(names: readonly string[] = ['alpha', 'beta', 'gamma'], pki: TestPki = makeTestPki()) {
    this.pki = pki;
    this.now = pki.now;
    this.bundle = valueOf(makeTrustBundle(pki.trustDomain, [pki.root.der], testCrypto));
    this.nodes = names.map((name) => new AuditNode(this, pki.node(name)));
  }

  /** Epoch-starts, a CRL, and so many heartbeats of everybody, heard by everybody. */
  static story(beats = 5, names?: readonly string[]): AuditWorld {
    const world = new AuditWorld(names);
    const der = world.pki.crl({ number: 1 });
    for (const node of world.nodes) {
      node.log({ type: 'crl', der });
      node.startEpoch();
    }
    for (let i = 0; i < beats; i++) world.beatAll();
    return world;
  }

  get alpha(): AuditNode {
    return this.node(0);
  }

  get beta(): AuditNode {
    return this.node(1);
  }

  get gamma(): AuditNode {
    return this.node(2);
  }

  node(number: number): AuditNode {
    const node = this.nodes[number];
    if (node === undefined) throw new Error(`no node ${String(number)}`);
    return node;
  }

  beatAll(): void {
    for (const node of this.nodes) {
      this.tick(100);
      node.beat();
    }
  }

  tick(ms: number): void {
    this.now = unixMs(this.now + ms);
  }

  /** A roster with every node active. */
  roster(
    number: number,
    overrides: Partial<Roster> = {},
    signer: TestKey = this.pki.issuing.key,
  ): SignedRecord {
    const body: Roster = {
      certId: certIdOfCertificate(this.pki.issuing.certificate, testCrypto),
      number,
      prev: number === 1 ? new Uint8Array(32) : new Uint8Array(32).fill(number),
      tMs: this.now,
      salt: new Uint8Array(16).fill(7),
      k: 2,
      h: 2,
      intervalMinMs: 200,
      intervalMaxMs: 5_000,
      members: this.nodes
        .map(({ identity }) => ({ nodeId: identity.nodeId, name: identity.name, state: 'active' as const }))
        .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1)),
      ext: new Map(),
      ...overrides,
    };
    return signRoster(body, signer, this.bundle.domainId, testCrypto);
  }

  /** The ring on which roster 1 makes `observer` one of the subject's. */
  ringOf(observer: AuditNode, subject: AuditNode): number {
    const roster = valueOf(decodeRoster(this.roster(1).bytes)).body;
    return assignObservers(roster, testCrypto).ringOf(observer.identity.nodeId, subject.identity.nodeId) ?? 0;
  }

  /** Writes the logs of these nodes (default: all) and audits them. */
  async audit(
    options: { readonly nodes?: readonly AuditNode[] } & Partial<AuditOptions> = {},
  ): Promise<AuditReport> {
    const fs = new MemoryLedgerFs();
    for (const node of options.nodes ?? this.nodes) await node.write(fs);
    return await this.auditFiles(fs, options);
  }

  /** Audits logs that were written before. */
  async auditFiles(
    fs: LedgerFs,
    {
      nodes = this.nodes,
      ...options
    }: { readonly nodes?: readonly AuditNode[] } & Partial<AuditOptions> = {},
  ): Promise<AuditReport> {
    const sources = nodes.map((node) => new LedgerDirectory(node.dir, node.identity.name, fs));
    return await auditVerify(sources, { bundle: this.bundle, crypto: testCrypto, ...options });
  }
}

export class AuditNode {
  readonly world: AuditWorld;
  readonly logKey = testKey('Ed25519');
  /** Bodies of the log, in order. */
  readonly bodies: Uint8Array[] = [];
  identity: TestIdentity;
  epoch = 0;
  seq = 0;
  prev: Uint8Array = new Uint8Array(32);
  newest: SignedRecord | undefined;
  succession: Uint8Array[] = [];
  #tree = new MerkleTree(hasher);

  constructor(world: AuditWorld, identity: TestIdentity) {
    this.world = world;
    this.identity = identity;
  }

  get dir(): string {
    return `/${this.identity.name}/ledger`;
  }

  get origin(): string {
    return logOrigin(this.world.pki.trustDomain, this.identity.nodeId);
  }

  get peers(): readonly AuditNode[] {
    return this.world.nodes.filter((node) => node !== this);
  }

  get head() {
    return { size: this.#tree.size, root: this.#tree.root() };
  }

  log(entry: LedgerEntry, at: UnixMs = this.world.now): void {
    const body = encodeEntry(entry, at);
    this.bodies.push(body);
    this.#tree.append(hasher.leaf(body));
  }

  startEpoch(overrides: Partial<EpochStart> = {}, signer: TestKey = this.identity.key): SignedRecord {
    this.epoch += 1;
    this.seq = 0;
    const body: EpochStart = {
      certId: this.identity.certId,
      epoch: this.epoch,
      tMs: this.world.now,
      nonce: new Uint8Array(8).fill(this.epoch),
      chain: this.identity.chain,
      logKey: logKeyOfSpki(this.logKey.spki) ?? new Uint8Array(32),
      maxVersion: 1,
      addresses: [],
      succession: this.succession,
      ext: new Map(),
      ...overrides,
    };
    const record = signEpochStart(body, signer, this.world.bundle.domainId, testCrypto);
    this.prev = record.structureHash;
    this.log({ type: 'epoch-start', record: record.bytes });
    for (const peer of this.peers) peer.log({ type: 'epoch-start', record: record.bytes });
    return record;
  }

  /** The next heartbeat, logged by nobody yet. */
  sign(overrides: Partial<Heartbeat> = {}, signer: TestKey = this.identity.key): SignedRecord {
    const body: Heartbeat = {
      certId: this.identity.certId,
      epoch: this.epoch,
      seq: this.seq + 1,
      tMs: this.world.now,
      intervalMs: 1_000,
      prev: this.prev,
      flags: 0,
      health: 0,
      crlNumber: 1,
      rosterNumber: 1,
      viewDigest: new Uint8Array(8),
      checkpoint: this.head,
      heads: null,
      rebuts: null,
      ext: new Map(),
      ...overrides,
    };
    return signHeartbeat(body, signer, this.world.bundle.domainId, testCrypto);
  }

  /** Takes a signed record for our newest. */
  advance(record: SignedRecord): SignedRecord {
    this.seq += 1;
    this.prev = record.structureHash;
    this.newest = record;
    return record;
  }

  beat(overrides: Partial<Heartbeat> = {}, signer?: TestKey): SignedRecord {
    const record = this.advance(this.sign(overrides, signer));
    this.log({ type: 'heartbeat-sent', record: record.bytes });
    for (const peer of this.peers) peer.log({ type: 'heartbeat-received', record: record.bytes });
    return record;
  }

  leave(): void {
    const { bundle, now } = this.world;
    const body = {
      certId: this.identity.certId,
      epoch: this.epoch,
      seq: this.seq + 1,
      tMs: now,
      prev: this.prev,
      reason: 'done',
      ext: new Map(),
    };
    const record = this.advance(signLeave(body, this.identity.key, bundle.domainId, testCrypto));
    for (const node of this.world.nodes) node.log({ type: 'leave', record: record.bytes });
  }

  /** Hands over to the certificate `next`; `successorBy` signs the statement. */
  changeKey(next: TestIdentity, successorBy?: TestKey): void {
    const { domainId } = this.world.bundle;
    const statement = this.#successor(next, successorBy);
    const place = { domainId, nodeId: this.identity.nodeId, epoch: this.epoch, seq: this.seq + 1 };
    const body = {
      certId: this.identity.certId,
      epoch: this.epoch,
      seq: this.seq + 1,
      tMs: this.world.now,
      prev: this.prev,
      chain: next.chain,
      successor: statement,
      proof: proveKey(next.key, place, testCrypto),
      ext: new Map(),
    };
    const record = this.advance(signKeyChange(body, this.identity.key, domainId, testCrypto));
    for (const node of this.world.nodes) node.log({ type: 'key-change', record: record.bytes });
    this.#take(next, statement);
  }

  /** Has the certificate `next` without ever having said so in a key-change. */
  renewSilently(next: TestIdentity, successorBy?: TestKey): void {
    this.#take(next, this.#successor(next, successorBy));
  }

  #take(next: TestIdentity, statement: Uint8Array): void {
    this.identity = next;
    this.succession.push(statement);
  }

  #successor(next: TestIdentity, signer: TestKey = this.identity.key): Uint8Array {
    const { certId, nodeId, key } = this.identity;
    const oldSpkiHash = testCrypto.sha256(key.spki);
    const body = { certId, nodeId, oldSpkiHash, newSpki: next.key.spki, tMs: this.world.now, ext: new Map() };
    return signSuccessor(body, signer, this.world.bundle.domainId, testCrypto).bytes;
  }

  /** Our accusation of a node, with its newest heartbeat as evidence. */
  accuse(
    subject: AuditNode,
    overrides: { readonly ring?: number; readonly evidence?: SignedRecord } = {},
  ): Uint8Array {
    const { bundle, now } = this.world;
    const evidence = overrides.evidence ?? subject.newest;
    if (evidence === undefined) throw new Error('nothing to accuse with');
    const body = {
      certId: this.identity.certId,
      tMs: now,
      subject: subject.identity.nodeId,
      epoch: subject.epoch,
      rosterNumber: 1,
      ring: overrides.ring ?? 0,
      reason: 'silent' as const,
      last: { type: 'heartbeat' as const, bytes: evidence.bytes },
      ext: new Map(),
    };
    return signAccusation(body, this.identity.key, bundle.domainId, testCrypto).bytes;
  }

  downCertificate(accusations: readonly Uint8Array[], rosterNumber = 1): Uint8Array {
    const { nodeId } = this.identity;
    return encodeDownCertificate({ subject: nodeId, epoch: this.epoch, rosterNumber, accusations });
  }

  /** Writes the log, each entry durable before the next, and its checkpoint. */
  async write(
    fs: LedgerFs,
    bodies: readonly Uint8Array[] = this.bodies,
    signer: TestKey = this.logKey,
  ): Promise<void> {
    const { dir, origin } = this;
    const ledger = await openLedger({ dir, signer, origin, fs, crypto: testCrypto, sizes: SIZES });
    for (const body of bodies) await ledger.append([body]);
    await ledger.close();
  }
}

export function codes(findings: readonly AuditFinding[]): readonly string[] {
  return findings.map(({ code }) => code);
}
