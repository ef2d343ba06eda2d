import {
  announcing,
  HEARTBEAT_FLAGS,
  signHeartbeat,
  type Heartbeat,
  type SignedRecord,
} from '../heartbeat/index.ts';
import { fault, monoMs, type Digest, type MonoMs } from '../std/index.ts';
import { enforcedCrlNumber, type Core } from './core.ts';
import type { Gossip } from './gossip.ts';
import { ownIntervalMs } from './interval.ts';
import type { LinkTable } from './link-table.ts';
import type { Link } from './link.ts';
import { modeFlags } from './modes.ts';
import type { StatusBoard } from './status-board.ts';

/** Accusations answered by one heartbeat; the rest waits for the next. */
export const MAX_REBUTS = 16;
/** Answers outside the schedule are this far apart, so that an accuser cannot make us sign without pause. */
export const REBUTTAL_SPACING_MS = 100;

interface Beat {
  readonly record: SignedRecord;
  readonly seq: number;
  /** The modes that it tells all; undefined when they know them. */
  readonly announces: number | undefined;
}

interface Committing extends Beat {
  readonly rebuts: readonly Digest[];
  readonly giveUpAt: MonoMs;
}

/**
 * Makes this node's heartbeats: signed once per interval, durable before they are sent. When the ledger does not
 * answer within half an interval, the next number goes out at once, flagged `unlogged`: the number whose fate is
 * unknown is never sent, so no two records ever share one.
 */
export class Beater {
  readonly #core: Core;
  readonly #links: LinkTable;
  readonly #gossip: Gossip;
  readonly #board: StatusBoard;
  #nextBeat: MonoMs | undefined;
  #committing: Committing | undefined;
  #toRebut: Digest[] = [];
  #nextRebuttal: MonoMs = monoMs(-Infinity);
  /** A beat that was given up on is still on its way to the disk: no other is committed before it is. */
  #late = false;
  /** As all members were last told in this epoch. */
  #announced = 0;
  /** Between heartbeats; and as the last one said. */
  #intervalMs: number;
  #declaredMs: number;

  constructor(core: Core, links: LinkTable, gossip: Gossip, board: StatusBoard) {
    this.#core = core;
    this.#links = links;
    this.#gossip = gossip;
    this.#board = board;
    this.#intervalMs = ownIntervalMs(core);
    this.#declaredMs = this.#intervalMs;
  }

  /** Starts beating, at once: the epoch-start is durable. */
  start(): void {
    this.#committing = undefined;
    this.#toRebut = [];
    this.#nextBeat = this.#core.now.mono;
    this.tick();
  }

  stop(): void {
    this.#nextBeat = undefined;
    this.#committing = undefined;
  }

  get beating(): boolean {
    return this.#nextBeat !== undefined;
  }

  /**
   * Follows the configuration and the roster's bounds: who waits for us must hear of another interval before the old
   * one is over.
   */
  retime(): void {
    const { config, out } = this.#core;
    const intervalMs = ownIntervalMs(this.#core);
    if (intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    if (intervalMs !== config.intervalMs) {
      const detail = `the roster does not allow ${String(config.intervalMs)} ms; heartbeats come every ${String(intervalMs)} ms`;
      out.report('warn', fault('LS_MESH_INTERVAL_BOUND', detail));
    }
    if (this.#nextBeat === undefined) return;
    this.#nextBeat = monoMs(Math.min(this.#nextBeat, this.#core.now.mono + intervalMs));
    this.announce();
  }

  /** The epoch-start has said to all what the modes are. */
  announced(modes: number): void {
    this.#announced = modes;
  }

  /** Says at once what is not as the last heartbeat said it: the modes, the interval. */
  announce(): void {
    if (!this.beating || this.#committing !== undefined) return;
    const modes = modeFlags(this.#core.own.modes);
    if (this.#announced !== modes || this.#declaredMs !== this.#intervalMs) this.#beat();
  }

  /** Answers an accusation with a heartbeat outside the schedule. */
  rebut(accusation: Digest): void {
    if (!this.beating || this.#toRebut.includes(accusation)) return;
    if (this.#toRebut.length < MAX_REBUTS) this.#toRebut.push(accusation);
    this.#rebutWhenDue();
  }

  tick(): void {
    const { now } = this.#core;
    if (this.#committing !== undefined && now.mono >= this.#committing.giveUpAt) {
      this.#core.out.report(
        'warn',
        fault('LS_MESH_SLOW_LEDGER', 'a heartbeat was not durable within half an interval'),
      );
      this.#late = true;
      this.#abandon();
    }
    if (this.#nextBeat === undefined) return;
    this.#rebutWhenDue();
    if (now.mono < this.#nextBeat) return;
    // After a stall the missed beats are not made up for: the schedule starts anew from now.
    const onTime = this.#nextBeat + this.#intervalMs;
    this.#nextBeat = monoMs(onTime > now.mono ? onTime : now.mono + this.#intervalMs);
    if (this.#committing === undefined) this.#beat();
  }

  get nextDeadline(): MonoMs | undefined {
    if (this.#nextBeat === undefined) return undefined;
    const rebuttal =
      this.#toRebut.length === 0 ? Infinity : Math.max(this.#nextRebuttal, this.#core.now.mono);
    return monoMs(Math.min(this.#nextBeat, this.#committing?.giveUpAt ?? rebuttal));
  }

  /** Shows a peer that has just come up the newest heartbeat, so that it need not wait for the next. */
  greet(link: Link): void {
    const { heartbeat } = this.#core.own;
    if (heartbeat !== undefined) {
      this.#links.send(link, { kind: 'record', type: 'heartbeat', bytes: heartbeat.bytes });
    }
  }

  #rebutWhenDue(): void {
    const { now } = this.#core;
    if (this.#toRebut.length === 0 || this.#committing !== undefined || now.mono < this.#nextRebuttal) return;
    this.#nextRebuttal = monoMs(now.mono + REBUTTAL_SPACING_MS);
    this.#beat();
  }

  #beat(): void {
    const { journal, now } = this.#core;
    journal.settle(now.wall);
    const rebuts = this.#toRebut.splice(0, MAX_REBUTS);
    if (journal.failing || this.#late) {
      this.#beatUnlogged(rebuts);
      return;
    }
    const beat = this.#sign(rebuts, 0);
    const giveUpAt = monoMs(now.mono + this.#intervalMs * this.#core.config.durableWithinShare);
    const committing = { ...beat, rebuts, giveUpAt };
    this.#committing = committing;
    journal.strict(
      { type: 'heartbeat-sent', record: beat.record.bytes },
      now.wall,
      () => {
        if (this.#committing !== committing) {
          this.#late = false;
          return;
        }
        this.#committing = undefined;
        this.#send(beat, rebuts);
        this.#rebutWhenDue();
        this.announce();
      },
      () => {
        this.#late = false;
        if (this.#committing === committing) this.#abandon();
      },
    );
  }

  #abandon(): void {
    const rebuts = this.#committing?.rebuts ?? [];
    this.#committing = undefined;
    this.#beatUnlogged(rebuts);
  }

  #beatUnlogged(rebuts: readonly Digest[]): void {
    this.#core.journal.lose(1, 'unlogged');
    this.#send(this.#sign(rebuts, HEARTBEAT_FLAGS.unlogged), rebuts);
  }

  #sign(rebuts: readonly Digest[], extraFlags: number): Beat {
    const { own, crypto, domainId, now, journal, table } = this.#core;
    const seq = own.seq + 1;
    const modes = modeFlags(own.modes);
    const announces = modes === this.#announced ? undefined : modes;
    const body: Heartbeat = {
      certId: own.credential.certId,
      epoch: own.epoch,
      seq,
      tMs: now.wall,
      intervalMs: this.#intervalMs,
      prev: own.prev,
      flags: modes | extraFlags,
      health: this.#board.localHealth,
      crlNumber: enforcedCrlNumber(this.#core),
      rosterNumber: table.roster?.number ?? 0,
      viewDigest: this.#board.viewDigest,
      checkpoint: extraFlags === 0 ? journal.head : null,
      heads: this.#board.headsToEntangle(seq),
      rebuts: rebuts.length === 0 ? null : rebuts,
      ext: announces === undefined ? new Map() : announcing(announces),
    };
    const record = signHeartbeat(body, own.credential.signer, domainId, crypto);
    own.signed(record);
    this.#declaredMs = this.#intervalMs;
    return { record, seq, announces };
  }

  #send({ record, seq, announces }: Beat, rebuts: readonly Digest[]): void {
    const { own, table, now } = this.#core;
    const links = this.#links.up;
    const sent = { type: 'heartbeat' as const, seq, ...record };
    own.heartbeat = sent;
    this.#gossip.markSeen(record.id);
    if (rebuts.length > 0) own.rebuttal = sent;
    if (announces !== undefined) {
      own.announcement = sent;
      this.#announced = announces;
    }
    const isForAll = rebuts.length > 0 || announces !== undefined;
    // What is for all must not fall out of a full queue as an old heartbeat may.
    const as = isForAll ? 'record' : 'heartbeat';
    const message = { kind: 'record', type: 'heartbeat', bytes: record.bytes } as const;
    // An answer or a change of modes is for all; a sign of life for those that watch for it.
    const hearers = isForAll ? links : links.filter(({ peer }) => table.observesUs(peer.nodeId, now.mono));
    this.#links.sendAll(hearers, message, as);
  }
}
