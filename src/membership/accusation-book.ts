import { monoMs, type Digest, type MonoMs, type NodeId } from '../std/index.ts';

/** How long after the H-th accusation a rebuttal may still arrive, before round trips; never less. Milliseconds. */
export const REBUTTAL_WAIT_MS = 300;
/** Rebutted ids kept per subject and epoch; older ones are covered by the sequence number rule. */
export const MAX_REMEMBERED_REBUTTALS = 256;

/** One verified accusation by an entitled observer, as the book keeps it. */
export interface HeldAccusation {
  readonly id: Digest;
  readonly accuser: NodeId;
  readonly rosterNumber: number;
  readonly ring: number;
  readonly bytes: Uint8Array;
  /** Sequence number of the subject's embedded last record: 0 for its epoch-start. */
  readonly lastSeq: number;
}

interface Entry extends HeldAccusation {
  readonly addedAt: MonoMs;
}

/** Accusations of H distinct observers under one roster: enough to conclude DOWN once the time is over. */
export interface AccusationQuorum {
  readonly rosterNumber: number;
  readonly accusations: readonly HeldAccusation[];
  /** When the H-th came in. */
  readonly since: MonoMs;
}

/**
 * The accusations of one subject in one epoch: at most one per observer, so its size is bounded by K.
 * A rebuttal removes what it names and everything that rests on older evidence than itself.
 */
export class AccusationBook {
  readonly #held = new Map<NodeId, Entry>();
  readonly #rebutted = new Set<Digest>();
  #rebuttedSeq = -1;

  get count(): number {
    return this.#held.size;
  }

  get accusations(): readonly HeldAccusation[] {
    return [...this.#held.values()];
  }

  /** Highest seq of a heartbeat that rebutted something; −1 before the first rebuttal. */
  get rebuttedSeq(): number {
    return this.#rebuttedSeq;
  }

  /** Whether an accusation stands that its subject has had the time to answer. */
  isUnanswered(now: MonoMs, waitMs = REBUTTAL_WAIT_MS): boolean {
    for (const { addedAt } of this.#held.values()) if (now - addedAt >= waitMs) return true;
    return false;
  }

  /** Whether `observer` has accused under this roster. */
  accusedBy(observer: NodeId, rosterNumber: number): boolean {
    return this.#held.get(observer)?.rosterNumber === rosterNumber;
  }

  /** False when the subject has already answered it: named in a rebuttal, or older than the last one. */
  stands(accusation: Pick<HeldAccusation, 'id' | 'lastSeq'>): boolean {
    return !this.#rebutted.has(accusation.id) && accusation.lastSeq >= this.#rebuttedSeq;
  }

  /** Adds an accusation that stands; false when it does not, or its observer has accused under this roster or a later one. */
  add(accusation: HeldAccusation, now: MonoMs): boolean {
    const earlier = this.#held.get(accusation.accuser);
    if (earlier !== undefined && earlier.rosterNumber >= accusation.rosterNumber) return false;
    if (!this.stands(accusation)) return false;
    this.#held.set(accusation.accuser, { ...accusation, addedAt: now });
    return true;
  }

  /** Applies the subject's heartbeat `seq` that rebuts `ids`. */
  rebut(ids: readonly Digest[], seq: number): void {
    for (const id of ids) this.#rebutted.add(id);
    const overflow = this.#rebutted.size - MAX_REMEMBERED_REBUTTALS;
    if (overflow > 0) for (const id of [...this.#rebutted].slice(0, overflow)) this.#rebutted.delete(id);
    this.#rebuttedSeq = Math.max(this.#rebuttedSeq, seq);
    this.retain((accusation) => this.stands(accusation));
  }

  /** Forgets every accusation that `keeps` does not keep. */
  retain(keeps: (accusation: HeldAccusation) => boolean): void {
    for (const [accuser, accusation] of this.#held) if (!keeps(accusation)) this.#held.delete(accuser);
  }

  /** The newest roster under which enough distinct observers accuse; `quorumOf` is H of a roster. */
  quorum(quorumOf: (rosterNumber: number) => number): AccusationQuorum | undefined {
    if (this.#held.size === 0) return undefined;
    const numbers = [...new Set(this.accusations.map(({ rosterNumber }) => rosterNumber))].sort(
      (a, b) => b - a,
    );
    for (const rosterNumber of numbers) {
      const entries = [...this.#held.values()]
        .filter((entry) => entry.rosterNumber === rosterNumber)
        .sort((a, b) => a.addedAt - b.addedAt);
      const since = entries[quorumOf(rosterNumber) - 1]?.addedAt;
      if (since !== undefined) return { rosterNumber, accusations: entries, since: monoMs(since) };
    }
    return undefined;
  }
}
