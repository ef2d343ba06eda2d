import type { NodeId } from '../std/index.ts';

/** A numbered record of one node as its place in one log is judged. */
export interface Numbered {
  readonly epoch: number;
  /** 0 for an epoch-start. */
  readonly seq: number;
}

export type SequenceVerdict =
  | { readonly kind: 'in-order' }
  /** So many records between the one before and this one are not in the log. */
  | { readonly kind: 'jump'; readonly missing: number; readonly expected: number }
  | { readonly kind: 'epoch-order' | 'sequence'; readonly expected: string };

const IN_ORDER: SequenceVerdict = { kind: 'in-order' };

/** The order in which a log's owner wrote its own records: without holes, epochs rising. */
export class OwnSequence {
  #epoch = 0;
  #seq = 0;
  #forgiving = false;

  /** After unreadable entries: whatever comes next is taken for the start. */
  forgive(): void {
    this.#forgiving = true;
  }

  /** The number that comes next if the epoch goes on. */
  get expected(): Numbered {
    return { epoch: this.#epoch, seq: this.#seq + 1 };
  }

  /** True when this record, or a later one, was written. */
  reached({ epoch, seq }: Numbered): boolean {
    return epoch < this.#epoch || (epoch === this.#epoch && seq <= this.#seq);
  }

  next({ epoch, seq }: Numbered): SequenceVerdict {
    const verdict = this.#forgiving ? IN_ORDER : this.#judge(epoch, seq);
    if (verdict.kind === 'in-order' || verdict.kind === 'jump') {
      this.#forgiving = false;
      this.#epoch = epoch;
      this.#seq = seq;
    }
    return verdict;
  }

  #judge(epoch: number, seq: number): SequenceVerdict {
    if (seq === 0) {
      return epoch > this.#epoch
        ? IN_ORDER
        : { kind: 'epoch-order', expected: `an epoch above ${String(this.#epoch)}` };
    }
    if (epoch !== this.#epoch) return { kind: 'epoch-order', expected: `epoch ${String(this.#epoch)}` };
    const expected = this.#seq + 1;
    if (seq < expected) return { kind: 'sequence', expected: `seq ${String(expected)} or above` };
    return seq === expected ? IN_ORDER : { kind: 'jump', missing: seq - expected, expected };
  }
}

/** Peers followed in one log. */
export const MAX_LOG_PEERS = 16_384;

interface PeerPlace {
  epoch: number;
  seq: number;
  /** Number of the owner's boot in which this was heard. */
  boot: number;
}

/** The order in which a log's owner heard its peers: epochs never fall, numbers rise between two boots of the owner. */
export class PeerSequences {
  readonly #peers = new Map<NodeId, PeerPlace>();
  #boot = 0;
  #incomplete = false;

  /** The owner started anew: it may hear again what it has heard before. */
  rebooted(): void {
    this.#boot += 1;
  }

  /** Entries are missing: an epoch-start may be among them. */
  lostEntries(): void {
    this.#incomplete = true;
    this.#boot += 1;
  }

  /** Requires: fewer than MAX_LOG_PEERS peers, or one that is known; others are not followed. */
  next(nodeId: NodeId, { epoch, seq }: Numbered): SequenceVerdict {
    const last = this.#peers.get(nodeId);
    if (last === undefined && this.#peers.size >= MAX_LOG_PEERS) return IN_ORDER;
    const verdict = this.#judge(last, epoch, seq);
    if (verdict.kind === 'in-order') this.#peers.set(nodeId, { epoch, seq, boot: this.#boot });
    return verdict;
  }

  #judge(last: PeerPlace | undefined, epoch: number, seq: number): SequenceVerdict {
    if (last !== undefined && epoch < last.epoch) {
      return { kind: 'epoch-order', expected: `epoch ${String(last.epoch)} or above` };
    }
    const again = last?.epoch === epoch && last.boot === this.#boot;
    if (seq === 0)
      return again ? { kind: 'sequence', expected: `an epoch above ${String(epoch)}` } : IN_ORDER;
    if (last?.epoch !== epoch) {
      if (this.#incomplete) return IN_ORDER;
      return { kind: 'epoch-order', expected: `the epoch-start of epoch ${String(epoch)} before it` };
    }
    if (again && seq <= last.seq) {
      return { kind: 'sequence', expected: `seq ${String(last.seq + 1)} or above` };
    }
    return IN_ORDER;
  }
}
