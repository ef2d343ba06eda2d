import { signSuccessor } from '../../src/heartbeat/index.ts';
import type { LedgerEntry } from '../../src/ledger/index.ts';
import {
  decodeAccusation,
  signRoster,
  type Roster,
  type RosterMemberState,
} from '../../src/membership/index.ts';
import {
  DEFAULT_CORE_CONFIG,
  NodeCore,
  type ConnectionId,
  type CoreConfig,
  type Effect,
  type NodeCoreOptions,
  type NodeEvent,
  type NodeStatus,
  type PeerStatus,
  type PersistentState,
  type Transition,
} from '../../src/mesh/index.ts';
import { certIdOfCertificate } from '../../src/x509/index.ts';
import {
  fault,
  monoMs,
  unixMs,
  type DomainId,
  type Fault,
  type Instant,
  type NodeId,
  type Random,
} from '../../src/std/index.ts';
import { applyCrl, makeTrustBundle, RevocationState } from '../../src/trust/index.ts';
import { testCrypto } from './crypto.ts';
import { EventQueue } from '../../src/sim/index.ts';
import { answerToCheck, CHECK_MS } from './large-crl.ts';
import { makeTestPki, type TestIdentity, type TestPki } from './pki.ts';
import { rememberingCrypto } from './remembering-crypto.ts';
import { valueOf } from './result.ts';

/*
 * A mesh in one process on an injected clock: production cores, real keys and signatures, and a network, disks and
 * a scheduler that a test can damage. Nothing in it sleeps.
 *
 *   const world = new MeshWorld(['a', 'b', 'c']);
 *   world.startAll();
 *   world.run(3_000);
 *   world.kill('c');
 *   world.run(1_500);
 *   expect(world.peer('a', 'c').state).toBe('down');
 */

const LATENCY_MS = 5;
const DISK_MS = 1;
const DIAL_TIMEOUT_MS = 6_000;

type Disk = 'good' | 'slow' | 'full';

interface Connection {
  readonly owner: SimNode;
  readonly id: ConnectionId;
  other: Connection | undefined;
  open: boolean;
  /** Bytes that a blocked network holds back, as TCP would until it heals. */
  held: Uint8Array[];
}

/** One node of the world: its core, its disk and what it said. */
export interface SimNode {
  readonly name: string;
  identity: TestIdentity;
  /** Successor statements of its earlier keys, as its home keeps them. */
  succession: readonly Uint8Array[];
  core: NodeCore | undefined;
  /** Counts processes, so that nothing meant for an earlier one reaches a later one. */
  generation: number;
  frozen: boolean;
  disk: Disk;
  persisted: PersistentState;
  readonly ledger: LedgerEntry[];
  readonly transitions: Transition[];
  readonly reports: { readonly level: string; readonly fault: Fault; readonly peer: NodeId | undefined }[];
  readonly effects: Effect[];
  stopped: { readonly fault: Fault | undefined } | undefined;
  wakeAt: number | undefined;
  pendingWhileFrozen: NodeEvent[];
  readonly connections: Map<ConnectionId, Connection>;
}

export class MeshWorld {
  readonly pki: TestPki;
  readonly nodes = new Map<string, SimNode>();
  readonly config: CoreConfig;
  /** What the operators of nodes have put them into, as their homes keep it. */
  readonly modes = new Map<string, NonNullable<NodeCoreOptions['modes']>>();
  /** Threads that check large CRLs end without an answer. */
  failChecks = false;
  #now = 0;
  #nextConnection = 1;
  readonly #queue = new EventQueue();
  #blocked = new Set<string>();
  #rosterNumber = 0;
  #rosterPrev: Uint8Array = new Uint8Array(32);
  #rosterBytes = new Uint8Array();
  #crl: Uint8Array;
  #crlNumber = 1;
  readonly #states = new Map<string, RosterMemberState>();
  readonly #random: Random;
  readonly #crypto = rememberingCrypto();

  constructor(names: readonly string[], config: Partial<CoreConfig> = {}, seed = 1) {
    this.pki = makeTestPki();
    this.config = { ...DEFAULT_CORE_CONFIG, ...config };
    this.#random = seededRandom(seed);
    this.#crl = this.pki.crl({ number: 1 });
    for (const name of names) this.enroll(name);
    for (const name of names) this.#states.set(name, 'active');
    this.publishRoster();
  }

  get now(): Instant {
    return { mono: monoMs(this.#now), wall: unixMs(Math.floor(this.pki.now + this.#now)) };
  }

  get rosterBytes(): Uint8Array {
    return this.#rosterBytes;
  }

  get rosterNumber(): number {
    return this.#rosterNumber;
  }

  node(name: string): SimNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  enroll(name: string, identity: TestIdentity = this.pki.node(name)): SimNode {
    const node: SimNode = {
      name,
      identity,
      succession: [],
      core: undefined,
      generation: 0,
      frozen: false,
      disk: 'good',
      persisted: { epoch: 0, trustedTimeMs: unixMs(0), pins: [] },
      ledger: [],
      transitions: [],
      reports: [],
      effects: [],
      stopped: undefined,
      wakeAt: undefined,
      pendingWhileFrozen: [],
      connections: new Map(),
    };
    this.nodes.set(name, node);
    this.#states.set(name, 'enrolled');
    return node;
  }

  /** Signs the next roster; with `states` changed. Everyone alive gets it from the CA unless `tell` says otherwise. */
  publishRoster(
    states: Record<string, RosterMemberState> = {},
    tell: readonly string[] = [...this.nodes.keys()],
    shape: Partial<Pick<Roster, 'k' | 'h' | 'intervalMinMs' | 'intervalMaxMs'>> = {},
  ): void {
    for (const [name, state] of Object.entries(states)) this.#states.set(name, state);
    this.#rosterNumber += 1;
    const members = [...this.nodes.values()]
      .map(({ name, identity }) => ({
        nodeId: identity.nodeId,
        name: identity.name,
        state: this.#states.get(name) ?? 'enrolled',
      }))
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    const k = shape.k ?? Math.max(1, members.filter((member) => member.state === 'active').length - 1);
    const body: Roster = {
      certId: certIdOfCertificate(this.pki.issuing.certificate, testCrypto),
      number: this.#rosterNumber,
      prev: this.#rosterPrev,
      tMs: this.now.wall,
      salt: new Uint8Array(16).fill(9),
      k,
      h: shape.h ?? Math.floor(k / 2) + 1,
      intervalMinMs: shape.intervalMinMs ?? 100,
      intervalMaxMs: shape.intervalMaxMs ?? 60_000,
      members,
      ext: new Map(),
    };
    const signed = signRoster(body, this.pki.issuing.key, this.pki.domainId, testCrypto);
    this.#rosterPrev = signed.structureHash;
    this.#rosterBytes = new Uint8Array(signed.bytes);
    for (const name of tell) this.feed(this.node(name), { kind: 'roster', bytes: signed.bytes });
  }

  /** Signs a CRL that revokes these and hands it to some nodes. */
  revoke(names: readonly string[], tell: readonly string[]): Uint8Array {
    this.#crlNumber += 1;
    const revoked = names.map((name) => this.node(name).identity);
    this.#crl = this.pki.crl({ number: this.#crlNumber, revoked, thisUpdate: this.now.wall });
    for (const name of tell) this.feed(this.node(name), { kind: 'crl', der: this.#crl });
    return this.#crl;
  }

  startAll(): void {
    for (const name of this.nodes.keys()) this.start(name);
  }

  /** Hands the node a certificate for a fresh key, as the CA would, and keeps it for its next process. */
  renew(name: string, renewed?: TestIdentity): TestIdentity {
    const node = this.node(name);
    const { identity: old } = node;
    const identity = renewed ?? this.pki.node(name, { nodeId: old.nodeId });
    const successor = successorOf(old, identity, this.pki.domainId);
    node.identity = identity;
    node.succession = [...node.succession, successor];
    this.feed(node, { kind: 'renewed', chain: identity.chain, signer: identity.key, successor });
    return identity;
  }

  /** A new process of the node, with the disk the last one left. */
  start(name: string, identity: TestIdentity = this.node(name).identity): void {
    const node = this.node(name);
    node.generation += 1;
    node.stopped = undefined;
    node.wakeAt = undefined;
    node.frozen = false;
    node.core = new NodeCore(this.optionsOf(name, identity));
    this.feed(node, { kind: 'roster', bytes: this.#rosterBytes });
    const seeds = [...this.nodes.values()]
      .filter((other) => other !== node)
      .map((other) => ({ nodeId: other.identity.nodeId, address: `${other.name}:1` }));
    this.feed(node, { kind: 'seeds', seeds });
    this.feed(node, { kind: 'start' });
  }

  /** What a process of the node would start from now. */
  optionsOf(name: string, identity: TestIdentity = this.node(name).identity): NodeCoreOptions {
    const node = this.node(name);
    return {
      nodeId: identity.nodeId,
      name: identity.name,
      chain: identity.chain,
      signer: identity.key,
      succession: node.succession,
      logKey: testCrypto.sha256(new TextEncoder().encode(name)),
      addresses: [`${name}:1`],
      trust: this.#trustMaterial(),
      persisted: node.persisted,
      treeHead: null,
      config: this.config,
      modes: this.modes.get(name) ?? { maintenance: false, draining: false },
      crypto: this.#crypto,
      random: this.#random,
      now: this.now,
    };
  }

  /** kill -9: the process is gone at once, its connections close, nothing is said. */
  kill(name: string): void {
    const node = this.node(name);
    node.core = undefined;
    node.wakeAt = undefined;
    node.generation += 1;
    for (const connection of [...node.connections.values()]) this.#close(connection, 'reset');
    node.connections.clear();
  }

  /** SIGSTOP: time passes, sockets fill, nothing runs. */
  freeze(name: string): void {
    this.node(name).frozen = true;
  }

  thaw(name: string): void {
    const node = this.node(name);
    node.frozen = false;
    const wakeAt = node.wakeAt;
    // Timers run before sockets in the event loop, so the late tick comes first.
    if (wakeAt !== undefined && wakeAt <= this.#now) this.#tick(node, wakeAt);
    const pending = node.pendingWhileFrozen;
    node.pendingWhileFrozen = [];
    for (const event of pending) this.feed(node, event);
  }

  /** No byte passes between the two until `heal`. */
  block(a: string, b: string): void {
    this.#blocked.add(pair(a, b));
  }

  heal(): void {
    this.#blocked.clear();
    for (const node of this.nodes.values()) {
      for (const connection of node.connections.values()) {
        const held = connection.held;
        connection.held = [];
        for (const bytes of held) this.#deliver(connection, bytes);
      }
    }
  }

  /** Lets `ms` of time pass. */
  run(ms: number): void {
    const end = this.#now + ms;
    for (let at = this.#queue.nextAt; at !== undefined && at <= end; at = this.#queue.nextAt) {
      this.#now = Math.max(this.#now, at);
      this.#queue.shift()?.();
    }
    this.#now = end;
  }

  /** Feeds one event into a node and carries out what follows. */
  feed(node: SimNode, event: NodeEvent): void {
    if (node.core === undefined) return;
    if (node.frozen) {
      node.pendingWhileFrozen.push(event);
      return;
    }
    for (const effect of node.core.handle(event, this.now)) this.#carryOut(node, effect);
  }

  status(name: string): NodeStatus {
    const core = this.node(name).core;
    if (core === undefined) throw new Error(`${name} does not run`);
    return core.status(this.now);
  }

  /** How `observer` sees `subject`. */
  peer(observer: string, subject: string): PeerStatus {
    const found = this.status(observer).peers.find((peer) => peer.name === subject);
    if (found === undefined) throw new Error(`${observer} does not know ${subject}`);
    return found;
  }

  /** Codes a node reported; those for debugging only when asked for. */
  codes(name: string, levels: readonly string[] = ['info', 'warn', 'error']): readonly string[] {
    return this.node(name)
      .reports.filter((report) => levels.includes(report.level))
      .map((report) => report.fault.code);
  }

  /** Names of those whom `name` accused. */
  accusedBy(name: string): readonly string[] {
    const { certId } = this.node(name).identity;
    return this.entries(name, 'accusation')
      .map((entry) => valueOf(decodeAccusation(entry.record)).body)
      .filter((body) => body.certId === certId)
      .map(
        (body) => [...this.nodes.values()].find((node) => node.identity.nodeId === body.subject)?.name ?? '?',
      );
  }

  entries<T extends LedgerEntry['type']>(
    name: string,
    type: T,
  ): readonly (LedgerEntry & { readonly type: T })[] {
    return this.node(name).ledger.filter(
      (entry): entry is LedgerEntry & { readonly type: T } => entry.type === type,
    );
  }

  /** Opens a connection to `target` from outside, presenting any chain; returns what sends bytes on it. */
  intrude(
    target: string,
    chain: readonly Uint8Array[],
  ): { send(bytes: Uint8Array): void; received: Uint8Array[]; closed: () => boolean } {
    const node = this.node(target);
    const connection = this.#connection(node);
    const received: Uint8Array[] = [];
    this.#intruders.set(connection.id, received);
    this.feed(node, {
      kind: 'connected',
      connection: connection.id,
      role: 'listener',
      chain,
      address: 'intruder:1',
    });
    return {
      send: (bytes) => {
        this.feed(node, { kind: 'received', connection: connection.id, bytes });
      },
      received,
      closed: () => !connection.open,
    };
  }

  readonly #intruders = new Map<ConnectionId, Uint8Array[]>();

  #carryOut(node: SimNode, effect: Effect): void {
    node.effects.push(effect);
    switch (effect.kind) {
      case 'wake':
        this.#wake(node, effect.at);
        return;
      case 'dial':
        this.#dial(node, effect.peer);
        return;
      case 'write':
        this.#write(node, effect.connection, effect.bytes);
        return;
      case 'disconnect': {
        const connection = node.connections.get(effect.connection);
        if (connection !== undefined)
          this.#after(LATENCY_MS, () => {
            this.#close(connection, 'closed');
          });
        return;
      }
      case 'save':
        node.persisted = effect.state;
        this.#afterFor(node, DISK_MS, { kind: 'saved', token: effect.token });
        return;
      case 'append':
        this.#append(node, effect);
        return;
      case 'check-crl':
        this.#afterFor(node, CHECK_MS, answerToCheck(effect, this.failChecks));
        return;
      case 'transition':
        node.transitions.push(effect.transition);
        return;
      case 'report':
        node.reports.push(effect);
        return;
      case 'stopped':
        node.stopped = { fault: effect.fault };
        node.core = undefined;
        for (const connection of [...node.connections.values()]) {
          this.#after(LATENCY_MS, () => {
            this.#close(connection, 'closed');
          });
        }
        return;
      case 'keep-crl':
      case 'keep-authorities':
      case 'keep-roster':
      case 'acknowledge':
      case 'renew':
        return;
    }
  }

  #wake(node: SimNode, at: number): void {
    node.wakeAt = at;
    const { generation } = node;
    this.#schedule(at, () => {
      if (node.generation !== generation || node.wakeAt !== at || node.frozen) return;
      this.#tick(node, at);
    });
  }

  #tick(node: SimNode, at: number): void {
    if (node.wakeAt === at) node.wakeAt = undefined;
    this.feed(node, { kind: 'tick' });
  }

  #dial(node: SimNode, peer: NodeId): void {
    const target = [...this.nodes.values()].find((each) => each.identity.nodeId === peer);
    if (target === undefined) throw new Error('dial to nobody');
    const failed = (refused: boolean): NodeEvent => ({
      kind: 'dial-failed',
      peer,
      refused,
      fault: fault(refused ? 'LS_NET_REFUSED' : 'LS_NET_TIMEOUT', 'simulated'),
    });
    if (this.#blocked.has(pair(node.name, target.name)) || target.frozen) {
      this.#afterFor(node, DIAL_TIMEOUT_MS, failed(false));
      return;
    }
    const { generation } = node;
    this.#after(2 * LATENCY_MS, () => {
      if (node.generation !== generation) return;
      if (target.core === undefined) {
        this.feed(node, failed(true));
        return;
      }
      const [ours, theirs] = [this.#connection(node), this.#connection(target)];
      ours.other = theirs;
      theirs.other = ours;
      this.feed(target, {
        kind: 'connected',
        connection: theirs.id,
        role: 'listener',
        chain: node.identity.chain,
        address: node.name,
      });
      this.feed(node, {
        kind: 'connected',
        connection: ours.id,
        role: 'dialer',
        chain: target.identity.chain,
        address: target.name,
      });
    });
  }

  #connection(owner: SimNode): Connection {
    const id = this.#nextConnection++ as ConnectionId;
    const connection: Connection = { owner, id, other: undefined, open: true, held: [] };
    owner.connections.set(id, connection);
    return connection;
  }

  #write(node: SimNode, id: ConnectionId, bytes: Uint8Array): void {
    const intruder = this.#intruders.get(id);
    if (intruder !== undefined) intruder.push(bytes);
    const connection = node.connections.get(id);
    if (connection?.other === undefined || !connection.open) return;
    if (this.#blocked.has(pair(node.name, connection.other.owner.name))) {
      connection.held.push(bytes);
      return;
    }
    this.#deliver(connection, bytes);
  }

  #deliver(connection: Connection, bytes: Uint8Array): void {
    const other = connection.other;
    if (other === undefined) return;
    this.#after(LATENCY_MS, () => {
      if (other.open) this.feed(other.owner, { kind: 'received', connection: other.id, bytes });
    });
  }

  #close(connection: Connection, detail: string): void {
    for (const end of [connection, connection.other]) {
      if (end === undefined || !end.open) continue;
      end.open = false;
      end.owner.connections.delete(end.id);
      this.feed(end.owner, { kind: 'disconnected', connection: end.id, detail });
    }
  }

  #append(node: SimNode, effect: Extract<Effect, { readonly kind: 'append' }>): void {
    const { token } = effect;
    if (node.disk === 'full') {
      const reason = fault('LS_DISK_FULL', 'simulated');
      this.#afterFor(node, DISK_MS, { kind: 'append-failed', token, fault: reason });
      return;
    }
    node.ledger.push(...effect.entries.map(({ entry }) => entry));
    const head = { size: node.ledger.length, root: new Uint8Array(32) };
    const delay = node.disk === 'slow' ? 800 : DISK_MS;
    this.#afterFor(node, delay, { kind: 'durable', token, head });
  }

  #afterFor(node: SimNode, ms: number, event: NodeEvent): void {
    const { generation } = node;
    this.#after(ms, () => {
      if (node.generation === generation) this.feed(node, event);
    });
  }

  #after(ms: number, run: () => void): void {
    this.#schedule(this.#now + ms, run);
  }

  #schedule(at: number, run: () => void): void {
    this.#queue.push(at, run);
  }

  #trustMaterial(): NodeCoreOptions['trust'] {
    const bundle = valueOf(makeTrustBundle(this.pki.trustDomain, [this.pki.root.der], this.#crypto));
    let revocation = RevocationState.empty();
    for (const der of [this.pki.rootCrl({ number: 1 }), this.#crl]) {
      const applied = applyCrl(revocation, der, [this.pki.issuing.der], bundle, this.#crypto, this.now.wall);
      revocation = valueOf(applied).state;
    }
    return { bundle, revocation, crypto: this.#crypto, onStale: 'deny', graceMs: 86_400_000 };
  }
}

/** The old key's statement that the new one speaks for its node from now on. */
export function successorOf(old: TestIdentity, renewed: TestIdentity, domainId: DomainId): Uint8Array {
  const body = {
    certId: old.certId,
    nodeId: old.nodeId,
    oldSpkiHash: testCrypto.sha256(old.key.spki),
    newSpki: renewed.key.spki,
    tMs: unixMs(old.certificate.notBefore),
    ext: new Map(),
  };
  return signSuccessor(body, old.key, domainId, testCrypto).bytes;
}

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** xorshift32: the same seed gives the same run. */
function seededRandom(seed: number): Random {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  };
  return { bytes: (length) => Uint8Array.from({ length }, next) };
}
