import { MODE_FLAGS, type HeartbeatHead } from '../heartbeat/index.ts';
import {
  countsAsAlive,
  decideState,
  type LocalHealth,
  type Member,
  type MemberState,
  type StateVerdict,
  viewDigest,
  type ViewRow,
} from '../membership/index.ts';
import { monoMs, unixMs, type MonoMs, type NodeId, type UnixMs } from '../std/index.ts';
import { trustedNow, type Core } from './core.ts';
import { flagNames, modeChanges } from './modes.ts';
import type { ViewSync } from './view-sync.ts';

/** Every so many heartbeats carry heads of peers, so that logs are entangled at little cost. */
const ENTANGLE_EVERY = 10;
const MAX_HEADS = 3;

/** A peer's verdict as it stands on the board. */
export interface PostedVerdict extends StateVerdict {
  readonly epoch: number;
  readonly since: UnixMs;
}

const UNSEEN: PostedVerdict = { state: 'unknown', reason: 'never-heard', epoch: 0, since: unixMs(0) };

/** The verdict on every peer: the only place in the product where "alive" is decided. */
export class StatusBoard {
  readonly #core: Core;
  readonly #health: LocalHealth;
  readonly #posted = new Map<NodeId, PostedVerdict>();
  readonly #modes = new Map<NodeId, number>();
  readonly #sync: ViewSync;
  /** Until a state or an epoch changes. */
  #digest: { readonly ownEpoch: number; readonly bytes: Uint8Array } | undefined;
  #inquorate = false;
  #viewStale = false;

  constructor(core: Core, health: LocalHealth, sync: ViewSync) {
    this.#core = core;
    this.#health = health;
    this.#sync = sync;
  }

  get localHealth(): number {
    return this.#health.score;
  }

  get inquorate(): boolean {
    return this.#inquorate;
  }

  get viewStale(): boolean {
    return this.#viewStale;
  }

  /** True when this node and those it counts alive are more than half of the roster. */
  get quorate(): boolean {
    const { table } = this.#core;
    const members = table.roster?.members.filter((member) => member.state === 'active') ?? [];
    const alive = members.filter((member) => countsAsAlive(this.verdict(member.nodeId).state)).length;
    return !this.#inquorate && 2 * (alive + 1) > members.length && members.length > 0;
  }

  verdict(nodeId: NodeId): PostedVerdict {
    return this.#posted.get(nodeId) ?? UNSEEN;
  }

  /**
   * Whether one that joins now could take its records. Nobody can be shown those of a certificate that has ended, so they
   * must not be part of what nodes agree on: else whoever came later would agree with nobody, for ever.
   */
  isLearnable(nodeId: NodeId): boolean {
    const { state } = this.verdict(nodeId);
    return state !== 'revoked' && state !== 'expired' && state !== 'removed';
  }

  /** Of all whose epoch is known and whose certificates have not ended, ourselves included. */
  get viewDigest(): Uint8Array {
    const { own, crypto } = this.#core;
    if (this.#digest?.ownEpoch !== own.epoch) {
      this.#digest = { ownEpoch: own.epoch, bytes: viewDigest(this.#viewRows(), crypto) };
    }
    return this.#digest.bytes;
  }

  headsToEntangle(seq: number): readonly HeartbeatHead[] | null {
    if (seq % ENTANGLE_EVERY !== 0) return null;
    const heard = this.#core.table.members.filter((member) => member.last?.type === 'heartbeat');
    const start = Math.floor(seq / ENTANGLE_EVERY) * MAX_HEADS;
    const count = Math.min(MAX_HEADS, heard.length);
    const heads = Array.from({ length: count }, (_, i) => headOf(heard[(start + i) % heard.length]));
    const known = heads.filter((head) => head !== undefined);
    return known.length === 0 ? null : known;
  }

  /** Judges everyone anew, posts what changed and tells the world. */
  refresh(): void {
    const { table, now } = this.#core;
    this.#inquorate = table.isInquorate(now.mono);
    this.#viewStale = this.#sync.isStale;
    for (const member of table.members) {
      this.#post(member);
      this.#postModes(member);
    }
  }

  /** Neither of the things that colour every verdict is so. */
  get isWell(): boolean {
    return !this.#inquorate && !this.#viewStale;
  }

  /** As {@link refresh} for a few, where nothing has changed that is about all. */
  refreshOnly(nodeIds: Iterable<NodeId>): void {
    for (const nodeId of nodeIds) {
      const member = this.#core.table.get(nodeId);
      if (member === undefined) continue;
      this.#post(member);
      this.#postModes(member);
    }
  }

  nextChangeOf(nodeId: NodeId): MonoMs | undefined {
    const next = this.#core.table.get(nodeId)?.nextChange();
    return next !== undefined && next > this.#core.now.mono ? next : undefined;
  }

  /** When a verdict may change by the passing of time alone. */
  get nextDeadline(): MonoMs | undefined {
    const { table, now } = this.#core;
    const changes = table.members.map((member) => member.nextChange()).filter((time) => time !== undefined);
    const ahead = changes.filter((time) => time > now.mono);
    return ahead.length === 0 ? undefined : monoMs(Math.min(...ahead));
  }

  #viewRows(): readonly ViewRow[] {
    const { own, table } = this.#core;
    const peers = table.members
      .filter((member) => member.epoch > 0 && this.isLearnable(member.nodeId))
      .map((member) => ({
        nodeId: member.nodeId,
        epoch: member.epoch,
        state: this.verdict(member.nodeId).state,
      }));
    return own.epoch === 0 ? peers : [...peers, { nodeId: own.nodeId, epoch: own.epoch, state: 'alive' }];
  }

  #post(member: Member): void {
    const { directory, now, journal, out } = this.#core;
    const certificate = directory.verdict(member.nodeId, trustedNow(this.#core));
    const self = { inquorate: this.#inquorate, viewStale: this.#viewStale };
    const verdict = decideState(member.evidence(certificate, self, now.mono));
    const posted = this.verdict(member.nodeId);
    const { nodeId, name, epoch } = member;
    if (posted.state === verdict.state && posted.reason === verdict.reason && posted.epoch === epoch) return;
    this.#digest = undefined;
    const moved = posted.state !== verdict.state || posted === UNSEEN;
    this.#posted.set(nodeId, { ...verdict, epoch, since: moved ? now.wall : posted.since });
    if (posted.state === verdict.state) return;
    const change = { nodeId, epoch, from: posted.state, to: verdict.state, reason: verdict.reason };
    journal.later({ type: 'state-change', ...change }, now);
    const flags = flagNames(member.flags & MODE_FLAGS);
    out.emit({ kind: 'transition', transition: { ...change, name, flags, at: now.wall } });
  }

  /** A change of modes is told beside the state, which it does not touch. */
  #postModes({ nodeId, name, epoch, flags }: Member): void {
    const { out, now } = this.#core;
    const modes = flags & MODE_FLAGS;
    const posted = this.#modes.get(nodeId) ?? 0;
    if (modes === posted) return;
    this.#modes.set(nodeId, modes);
    const { state } = this.verdict(nodeId);
    for (const reason of modeChanges(posted, modes)) {
      const transition = {
        nodeId,
        name,
        epoch,
        from: state,
        to: state,
        reason,
        flags: flagNames(modes),
        at: now.wall,
      };
      out.emit({ kind: 'transition', transition });
    }
  }
}

function headOf(member: Member | undefined): HeartbeatHead | undefined {
  if (member?.last === undefined) return undefined;
  return {
    nodeId: member.nodeId,
    epoch: member.epoch,
    seq: member.last.seq,
    hash: member.last.structureHash,
  };
}

/** States of which there is nothing more to hear in this epoch. */
export function isTerminal(state: MemberState): boolean {
  return !countsAsAlive(state) && state !== 'unknown';
}
