import {
  DEFAULT_CORE_CONFIG,
  NodeCore,
  type CoreConfig,
  type NodeCoreOptions,
  type NodeEvent,
} from '../mesh/index.ts';
import type { AssignObservers } from '../membership/index.ts';
import { unixMs, type NodeId, type UnixMs } from '../std/index.ts';
import { allToAll, SimCa, type QuorumShape } from './authority.ts';
import { defined } from './certificates.ts';
import { NodeClock } from './clock.ts';
import { counted } from './counted.ts';
import type { SimCrypto } from './crypto.ts';
import { SimDisk } from './disk.ts';
import { EventQueue } from './event-queue.ts';
import { History } from './history.ts';
import { Network, type Weather } from './network.ts';
import { SimNode, type Actor } from './node.ts';
import { SeededRandom } from './random.ts';
import { Shell, type WorldWatcher } from './shell.ts';

/** 2026-03-01T12:00:00Z: any moment does, as long as it is always the same. */
const START = unixMs(1_772_366_400_000);
const DAY_MS = 86_400_000;
const USUAL_WEATHER: Weather = { latencyMs: 1, jitterMs: 4, loss: 0 };
/** A heartbeat that is due right after it still comes before anyone may call that silence. */
const SHORT_STALL_INTERVALS = 1.2;
const FEED_MS = 20;
const DISK_MS = 1;

export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly crypto: SimCrypto;
  readonly config?: Partial<CoreConfig>;
  readonly weather?: Partial<Weather>;
  readonly shape?: (active: number) => QuorumShape;
  readonly nodeLifetimeMs?: number;
  /** How observers are assigned; one that remembers saves all nodes the same work. */
  readonly assign?: AssignObservers;
  /** Clocks are off by up to this share; default 0.0001. */
  readonly maxDrift?: number;
  /** Keep ledger entries, not their number alone. */
  readonly keepLedgers?: boolean;
}

/**
 * A mesh in one process: production cores, and around them a CA, a network, clocks, disks and processes that follow
 * one seed. Nothing in it waits, and the same seed with the same code is the same run, event for event.
 */
export class World {
  readonly seed: number;
  readonly ca: SimCa;
  readonly crypto: SimCrypto;
  readonly network: Network;
  readonly nodes: readonly SimNode[];
  readonly config: CoreConfig;
  readonly history = new History();
  readonly watchers: WorldWatcher[] = [];
  /** Dice for those who decide what happens to the world. */
  readonly dice: SeededRandom;
  /** Makes what runs on a node. */
  cast: (node: SimNode, options: NodeCoreOptions) => Actor = (_, options) => new NodeCore(options);
  readonly #options: WorldOptions;
  readonly #queue = new EventQueue();
  readonly #shell: Shell;
  readonly #byAddress = new Map<string, SimNode>();
  readonly #byId = new Map<NodeId, SimNode>();
  #now = 0;
  #events = 0;

  constructor(options: WorldOptions) {
    const { seed, crypto, shape = allToAll, nodeLifetimeMs = 7 * DAY_MS } = options;
    this.#options = options;
    this.seed = seed;
    this.crypto = crypto;
    this.config = { ...DEFAULT_CORE_CONFIG, ...options.config };
    const random = new SeededRandom(seed);
    this.dice = random.fork();
    this.ca = new SimCa({ crypto, random: random.fork(), now: START, shape, nodeLifetimeMs });
    this.network = new Network(this, random.fork(), { ...USUAL_WEATHER, ...options.weather });
    this.#shell = new Shell(this);
    this.nodes = Array.from({ length: options.nodes }, (_, index) => this.#machine(index, random.fork()));
    this.ca.publishRoster(START);
  }

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** What a right clock shows. */
  get wall(): UnixMs {
    return unixMs(Math.floor(START + this.#now));
  }

  get events(): number {
    return this.#events;
  }

  /** See {@link Shell.trace}. */
  get trace(): string {
    return this.#shell.trace.digest;
  }

  /** See {@link Shell.decisions}. */
  get decisions(): string {
    return this.#shell.decisions.digest;
  }

  node(index: number): SimNode {
    return defined(this.nodes[index]);
  }

  byId(nodeId: NodeId): SimNode | undefined {
    return this.#byId.get(nodeId);
  }

  byAddress(address: string): SimNode | undefined {
    return this.#byAddress.get(address);
  }

  schedule(at: number, run: () => void): void {
    this.#queue.push(Math.max(at, this.#now), run);
  }

  /** Lets `ms` of time pass. */
  run(ms: number): void {
    const end = this.#now + ms;
    for (let at = this.#queue.nextAt; at !== undefined && at <= end; at = this.#queue.nextAt) {
      this.#now = at;
      this.#queue.shift()?.();
    }
    this.#now = end;
  }

  /** For what only a process of `generation` may hear. */
  deliver(node: SimNode, generation: number, event: NodeEvent): void {
    if (node.generation === generation) this.feed(node, event);
  }

  /** Puts one event into a node's process and carries out what follows; a frozen one takes it when it runs again. */
  feed(node: SimNode, event: NodeEvent): void {
    if (node.actor === undefined) return;
    if (node.state === 'frozen') {
      node.waiting.push(event);
      return;
    }
    this.#events += 1;
    node.costs.events += 1;
    this.#shell.step(node, node.actor, event);
  }

  /** A new process of a node, with what the last one left on the disk. */
  start(node: SimNode): void {
    if (node.actor !== undefined) return;
    this.history.add(this.#now, node, `starts (disk has epoch ${node.disk.state.epoch})`);
    if (node.state === 'off') this.network.powerBack(node);
    node.generation += 1;
    this.#running(node);
    node.waiting = [];
    node.wakeAt = undefined;
    node.crlNumber = 0;
    node.hasLeft = false;
    node.seen.clear();
    node.actor = this.cast(node, this.coreOptions(node));
    const roster = node.reachesCa ? this.ca.roster : node.disk.roster;
    if (roster !== undefined) this.feed(node, { kind: 'roster', bytes: roster });
    const seeds = this.nodes
      .filter((other) => other !== node)
      .map(({ nodeId, address }) => ({ nodeId, address }));
    this.feed(node, { kind: 'seeds', seeds });
    this.feed(node, { kind: 'start' });
  }

  startAll(): void {
    for (const node of this.nodes) this.start(node);
  }

  /** kill -9: the machine closes the connections at once and refuses new ones. */
  crash(node: SimNode): void {
    if (node.actor === undefined) return;
    this.history.add(this.#now, node, 'crashes');
    this.#endProcess(node, 'dead');
    this.network.processEnded(node);
  }

  /** The machine stops: nothing is closed, and nothing answers. */
  powerOff(node: SimNode): void {
    if (node.actor === undefined) return;
    this.history.add(this.#now, node, 'loses its power');
    this.#endProcess(node, 'off');
    this.network.powerLost(node);
  }

  /** SIGSTOP, or an event loop that stalls: time passes, sockets fill, nothing runs. */
  freeze(node: SimNode): void {
    if (!node.isUp) return;
    this.history.add(this.#now, node, 'freezes');
    node.state = 'frozen';
    node.stoodStillSince ??= this.#now;
  }

  thaw(node: SimNode): void {
    if (node.state !== 'frozen') return;
    this.history.add(this.#now, node, 'runs again');
    this.#running(node);
    // Timers run before sockets in the event loop, so the late tick comes first.
    if (node.wakeAt !== undefined && node.wakeAt <= this.#now) this.#shell.tick(node);
    const waiting = node.waiting;
    node.waiting = [];
    for (const event of waiting) this.feed(node, event);
  }

  /** True while no process of a node runs, unless it stalls for less than anybody may hold against it. */
  isNoticed(node: SimNode): boolean {
    if (node.stoodStillSince === undefined) return false;
    const stalledMs = this.#now - node.stoodStillSince;
    return node.state !== 'frozen' || stalledMs > SHORT_STALL_INTERVALS * this.config.intervalMs;
  }

  leave(node: SimNode): void {
    this.history.add(this.#now, node, 'leaves');
    node.hasLeft = true;
    this.feed(node, { kind: 'leave', reason: 'simulated' });
  }

  /** The process has ended by itself. */
  stopped(node: SimNode): void {
    this.history.add(this.#now, node, 'stops by itself');
    this.#endProcess(node, 'dead');
    this.network.processEnded(node);
  }

  /** Tells every node that the CA's feed reaches what is in force now. */
  publish(): void {
    const { crl, roster } = this.ca;
    for (const node of this.nodes) {
      if (!node.reachesCa) continue;
      const { generation } = node;
      this.schedule(this.#now + FEED_MS, () => {
        this.deliver(node, generation, { kind: 'crl', der: crl.der });
        this.deliver(node, generation, { kind: 'roster', bytes: roster });
      });
    }
  }

  revoke(node: SimNode): void {
    this.history.add(this.#now, node, `is revoked by CRL ${this.ca.crls.length + 1}`);
    this.ca.revoke(node.nodeId, this.wall);
    this.publish();
  }

  /** The CA gives a node a certificate for a new key, unless it cannot be reached or has ended the node. */
  renew(node: SimNode): void {
    const renewed = node.reachesCa ? this.ca.renew(node.identity, this.wall) : undefined;
    if (renewed === undefined) return;
    const { identity, successor } = renewed;
    this.history.add(this.#now, node, 'gets a new certificate');
    node.identity = identity;
    node.renewals += 1;
    node.succession = [...node.succession, successor];
    const { chain } = identity;
    this.feed(node, { kind: 'renewed', chain, signer: counted(identity.signer, node.costs), successor });
  }

  /** What a process of the node would start from now. */
  coreOptions(node: SimNode): NodeCoreOptions {
    const { identity, disk, clock, costs } = node;
    const port = this.crypto.port;
    const crypto: typeof port = {
      ...port,
      verify: (...question) => {
        costs.verified += 1;
        return port.verify(...question);
      },
    };
    const now = clock.read(this.#now);
    const crl = node.reachesCa ? this.ca.crl.der : (disk.crl ?? defined(this.ca.crls[0]).der);
    return {
      nodeId: identity.nodeId,
      name: identity.name,
      chain: identity.chain,
      signer: counted(identity.signer, costs),
      succession: node.succession,
      logKey: port.sha256(identity.der),
      addresses: [node.address],
      trust: this.ca.trustMaterial(crl, unixMs(Math.max(now.wall, this.wall)), crypto),
      ...(this.#options.assign === undefined ? {} : { assign: this.#options.assign }),
      persisted: disk.state,
      treeHead: disk.head,
      config: this.config,
      crypto,
      random: node.random,
      now,
    };
  }

  #running(node: SimNode): void {
    // Its first process disturbs nobody.
    if (node.generation > 1 && (node.state !== 'frozen' || this.isNoticed(node)))
      node.troubledUntil = this.#now;
    node.state = 'running';
    node.ranAgainAt = this.#now;
    node.stoodStillSince = undefined;
  }

  #endProcess(node: SimNode, state: 'dead' | 'off'): void {
    node.actor = undefined;
    node.state = state;
    node.stoodStillSince ??= this.#now;
    node.generation += 1;
    node.waiting = [];
    node.wakeAt = undefined;
    node.disk.crash(node.random);
  }

  #machine(index: number, random: SeededRandom): SimNode {
    const { maxDrift = 0.0001, keepLedgers = false } = this.#options;
    const clock = new NodeClock(START, random.between(0, 1_000_000), random.between(-maxDrift, maxDrift));
    const identity = this.ca.enroll(`n${index}`, START);
    const disk = new SimDisk(DISK_MS, keepLedgers);
    const node = new SimNode({ index, identity, clock, disk, random });
    this.#byAddress.set(node.address, node);
    this.#byId.set(node.nodeId, node);
    return node;
  }
}
