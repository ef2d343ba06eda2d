import type { ConnectionId, NodeEvent } from '../mesh/index.ts';
import { fault, type NodeId } from '../std/index.ts';
import { ConnectionEnd, type Item } from './connection.ts';
import type { SimNode } from './node.ts';
import type { SeededRandom } from './random.ts';

/** What one direction between two machines is like. TCP turns loss into delay; a cut holds everything back. */
export interface Weather {
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Share of segments that get lost on the way and are sent again. */
  readonly loss: number;
}

/** Longest that a dial waits for an answer. */
const DIAL_TIMEOUT_MS = 6_000;
/** Of TCP: before the first time that something is sent again, and the longest pause that later ones grow to. */
const FIRST_RESEND_MS = 200;
const LONGEST_RESEND_MS = 6_400;
/** Within which a machine that comes back tells whoever still writes on an old connection that there is none. */
const RESET_WITHIN_MS = 1_000;
/** What is sent so often gets through: longer delays are those of a cut. */
const MAX_RESENDS = 5;
const LOCAL_MS = 0.1;
/** Nodes of one world at most. */
const MAX_NODES = 65_536;

/** What the network needs of the world around it. */
export interface NetworkHost {
  readonly now: number;
  schedule(at: number, run: () => void): void;
  /** Puts an event into a process that may have died or been replaced since `generation`. */
  deliver(node: SimNode, generation: number, event: NodeEvent): void;
  byAddress(address: string): SimNode | undefined;
}

/** Connections between machines, as a transport over TCP and TLS shows them to a core. */
export class Network {
  readonly #host: NetworkHost;
  readonly #random: SeededRandom;
  readonly #usual: Weather;
  readonly #weather = new Map<number, Weather>();
  readonly #cuts = new Set<number>();
  readonly #troubled = new Map<number, number>();
  readonly #ends = new Map<SimNode, Map<ConnectionId, ConnectionEnd>>();
  readonly #holding = new Set<ConnectionEnd>();
  /** Ends whose other side lost its power: they learn of it when that machine is back. */
  readonly #orphans = new Map<SimNode, ConnectionEnd[]>();
  #nextId = 1;

  constructor(host: NetworkHost, random: SeededRandom, usual: Weather) {
    this.#host = host;
    this.#random = random;
    this.#usual = usual;
  }

  /** Undefined makes it usual again. */
  setWeather(from: SimNode, to: SimNode, weather: Partial<Weather> | undefined): void {
    const path = pathOf(from, to);
    if (weather === undefined) this.#weather.delete(path);
    else this.#weather.set(path, { ...this.#usual, ...weather });
    this.#troubled.set(path, weather === undefined && !this.#cuts.has(path) ? this.#host.now : Infinity);
  }

  /** Until when something was wrong with one of the directions between the two; Infinity while it is. */
  troubledUntil(a: SimNode, b: SimNode): number {
    const there = this.#troubled.get(pathOf(a, b)) ?? -Infinity;
    return Math.max(there, this.#troubled.get(pathOf(b, a)) ?? -Infinity);
  }

  isCut(from: SimNode, to: SimNode): boolean {
    return this.#cuts.has(pathOf(from, to));
  }

  /** From now on nothing gets through in this direction; what is on the way still arrives. */
  cut(from: SimNode, to: SimNode): void {
    this.#cuts.add(pathOf(from, to));
    this.#troubled.set(pathOf(from, to), Infinity);
  }

  /** What was held back arrives once it is sent again, which takes longer the longer the cut has lasted. */
  mend(from: SimNode, to: SimNode): void {
    if (!this.#cuts.delete(pathOf(from, to))) return;
    this.#troubled.set(pathOf(from, to), this.#weather.has(pathOf(from, to)) ? Infinity : this.#host.now);
    for (const end of this.#holding) {
      if (end.owner !== from || end.other.owner !== to) continue;
      this.#holding.delete(end);
      const pause = Math.min(LONGEST_RESEND_MS, this.#host.now - end.heldSince) * this.#random.share();
      const held = end.held;
      end.held = [];
      end.clearAt = Math.max(end.clearAt, this.#host.now + pause);
      for (const item of held) this.#send(end, item);
    }
  }

  /** Whether a connection between the two is open at `node`'s end. */
  isConnected(node: SimNode, other: SimNode): boolean {
    for (const end of this.#endsOf(node).values()) if (end.other.owner === other) return true;
    return false;
  }

  dial(from: SimNode, peer: NodeId, address: string): void {
    const { generation } = from;
    const target = this.#host.byAddress(address);
    const fail = (refused: boolean, afterMs: number): void => {
      const reason = fault(refused ? 'LS_NET_REFUSED' : 'LS_NET_TIMEOUT', `dialling ${address}`);
      this.#after(afterMs, () => {
        this.#host.deliver(from, generation, { kind: 'dial-failed', peer, refused, fault: reason });
      });
    };
    if (target === undefined || this.#isUnreachable(from, target)) {
      fail(false, DIAL_TIMEOUT_MS);
      return;
    }
    const roundTrip = this.#delay(from, target) + this.#delay(target, from);
    if (target.state === 'dead') {
      fail(true, roundTrip);
      return;
    }
    // One round trip for TCP, one for TLS 1.3.
    this.#after(2 * roundTrip, () => {
      const stuck = from.state === 'frozen' || target.state === 'frozen';
      if (from.generation !== generation) return;
      if (target.state === 'dead') fail(true, 0);
      else if (stuck || this.#isUnreachable(from, target)) fail(false, DIAL_TIMEOUT_MS);
      else this.#connect(from, target);
    });
  }

  write(node: SimNode, id: ConnectionId, bytes: Uint8Array): void {
    const end = this.#endsOf(node).get(id);
    if (end?.open === true) this.#send(end, bytes);
  }

  /** The process ends the connection in order. */
  disconnect(node: SimNode, id: ConnectionId): void {
    const end = this.#endsOf(node).get(id);
    if (end?.open !== true) return;
    this.#shut(end);
    this.#send(end, 'end');
    const { generation } = node;
    this.#after(LOCAL_MS, () => {
      this.#host.deliver(node, generation, { kind: 'disconnected', connection: id, detail: 'closed' });
    });
  }

  /** The process is gone and its machine closes what it had open. */
  processEnded(node: SimNode): void {
    for (const end of [...this.#endsOf(node).values()]) {
      this.#shut(end);
      this.#send(end, 'end');
    }
  }

  /** The machine is gone and says nothing. */
  powerLost(node: SimNode): void {
    const orphans = [...this.#endsOf(node).values()].map((end) => end.other);
    for (const end of [...this.#endsOf(node).values()]) this.#shut(end);
    this.#orphans.set(node, [...(this.#orphans.get(node) ?? []), ...orphans]);
  }

  /** The machine is back, and answers what is written on connections it does not know. */
  powerBack(node: SimNode): void {
    const orphans = this.#orphans.get(node) ?? [];
    this.#orphans.delete(node);
    for (const end of orphans) {
      this.#after(this.#random.between(0, RESET_WITHIN_MS), () => {
        if (this.isCut(node, end.owner)) this.#hold(end.other, 'end');
        else this.#arrive(end.other, 'end');
      });
    }
  }

  #connect(from: SimNode, target: SimNode): void {
    const [ours, theirs] = ConnectionEnd.pair(this.#id(), from, this.#id(), target);
    this.#endsOf(from).set(ours.id, ours);
    this.#endsOf(target).set(theirs.id, theirs);
    const { chain } = from.identity;
    const listener = { connection: theirs.id, role: 'listener', chain, address: from.address } as const;
    const dialer = { connection: ours.id, role: 'dialer', address: target.address } as const;
    this.#host.deliver(target, target.generation, { kind: 'connected', ...listener });
    this.#host.deliver(from, from.generation, {
      kind: 'connected',
      ...dialer,
      chain: target.identity.chain,
    });
  }

  #endsOf(node: SimNode): Map<ConnectionId, ConnectionEnd> {
    let ends = this.#ends.get(node);
    if (ends === undefined) {
      ends = new Map();
      this.#ends.set(node, ends);
    }
    return ends;
  }

  #id(): ConnectionId {
    return this.#nextId++ as ConnectionId;
  }

  #send(end: ConnectionEnd, item: Item): void {
    if (this.isCut(end.owner, end.other.owner) || end.held.length > 0) {
      this.#hold(end, item);
      return;
    }
    const at = Math.max(end.clearAt, this.#host.now + this.#delay(end.owner, end.other.owner));
    end.clearAt = at;
    this.#host.schedule(at, () => {
      this.#arrive(end, item);
    });
  }

  #hold(end: ConnectionEnd, item: Item): void {
    if (end.held.length === 0) end.heldSince = this.#host.now;
    end.held.push(item);
    this.#holding.add(end);
  }

  #arrive({ other }: ConnectionEnd, item: Item): void {
    if (!other.open) return;
    const { owner, id: connection } = other;
    if (item !== 'end') {
      this.#host.deliver(owner, owner.generation, { kind: 'received', connection, bytes: item });
      return;
    }
    this.#shut(other);
    const detail = 'the other side ended it';
    this.#host.deliver(owner, owner.generation, { kind: 'disconnected', connection, detail });
  }

  #shut(end: ConnectionEnd): void {
    end.open = false;
    this.#endsOf(end.owner).delete(end.id);
  }

  #isUnreachable(from: SimNode, target: SimNode): boolean {
    return target.state === 'off' || this.isCut(from, target) || this.isCut(target, from);
  }

  /** Of one segment, with the times that it is lost and sent again. */
  #delay(from: SimNode, to: SimNode): number {
    const { latencyMs, jitterMs, loss } = this.#weather.get(pathOf(from, to)) ?? this.#usual;
    let delay = latencyMs + jitterMs * this.#random.share();
    if (loss === 0) return delay;
    let pause = FIRST_RESEND_MS;
    for (let tries = 0; tries < MAX_RESENDS && this.#random.chance(loss); tries++) {
      delay += pause;
      pause = Math.min(LONGEST_RESEND_MS, 2 * pause);
    }
    return delay;
  }

  #after(ms: number, run: () => void): void {
    this.#host.schedule(this.#host.now + ms, run);
  }
}

function pathOf(from: SimNode, to: SimNode): number {
  return from.index * MAX_NODES + to.index;
}
