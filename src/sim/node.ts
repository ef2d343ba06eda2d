import type { MemberState } from '../membership/index.ts';
import type { Effect, NodeEvent } from '../mesh/index.ts';
import type { Instant, NodeId } from '../std/index.ts';
import type { SimIdentity } from './certificates.ts';
import type { NodeClock } from './clock.ts';
import type { SimDisk } from './disk.ts';

import type { SeededRandom } from './random.ts';

/** What runs on a node: the production core, or an adversary that has a valid key in its place. */
export interface Actor {
  handle(event: NodeEvent, now: Instant): readonly Effect[];
}

/** How a node sees a peer, as it has told its consumers. */
export interface SeenPeer {
  readonly state: MemberState;
  readonly epoch: number;
  /** World time of the change. */
  readonly at: number;
}

/** What a node's work has cost. */
export interface Costs {
  events: number;
  bytesOut: number;
  signed: number;
  verified: number;
}

/** `off`: without power, so that nobody even refuses a connection. */
export type ProcessState = 'off' | 'dead' | 'running' | 'frozen';

/** One machine of the world: clocks, disk, identity, and at most one process. */
export class SimNode {
  readonly index: number;
  readonly name: string;
  readonly address: string;
  readonly clock: NodeClock;
  readonly disk: SimDisk;
  readonly random: SeededRandom;
  readonly costs: Costs = { events: 0, bytesOut: 0, signed: 0, verified: 0 };
  readonly seen = new Map<NodeId, SeenPeer>();
  identity: SimIdentity;
  succession: readonly Uint8Array[] = [];
  actor: Actor | undefined;
  state: ProcessState = 'dead';
  /** Counts processes, so that nothing meant for an earlier one reaches a later one. */
  generation = 0;
  /** What came while the process stood still. */
  waiting: NodeEvent[] = [];
  wakeAt: number | undefined;
  /** Highest CRL number that this process has said to enforce. */
  crlNumber = 0;
  /** Whether the CA's feed reaches it. */
  reachesCa = true;
  /** Certificates that it got after its first. */
  renewals = 0;
  /** It said goodbye in this process. */
  hasLeft = false;
  /** An adversary runs on it: what it sees and what becomes of it proves nothing. */
  isHostile = false;
  /** When it last began to run again after a death, or a stall that others may have noticed. World time. */
  troubledUntil = -Infinity;
  /** The same after any stall. */
  ranAgainAt = -Infinity;
  /** Since when no process of it runs; undefined while one does. World time. */
  stoodStillSince: number | undefined = 0;

  constructor(fields: {
    readonly index: number;
    readonly identity: SimIdentity;
    readonly clock: NodeClock;
    readonly disk: SimDisk;
    readonly random: SeededRandom;
  }) {
    this.index = fields.index;
    this.identity = fields.identity;
    this.name = fields.identity.name;
    this.address = `${this.name}:8450`;
    this.clock = fields.clock;
    this.disk = fields.disk;
    this.random = fields.random;
  }

  get nodeId(): NodeId {
    return this.identity.nodeId;
  }

  get isUp(): boolean {
    return this.state === 'running';
  }
}
