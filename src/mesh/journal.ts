import type { TreeHead } from '../heartbeat/index.ts';
import type { LedgerEntry } from '../ledger/index.ts';
import { monoMs, type Fault, type Instant, type MonoMs, type UnixMs } from '../std/index.ts';
import type { TimedEntry } from './effects.ts';
import type { NodeEvent, Token } from './events.ts';
import type { Outbox } from './outbox.ts';

/** Appends that wait for an answer; more than this means the ledger has stopped, and records count as lost. */
export const MAX_PENDING_APPENDS = 4_096;

/** Entries that wait for the next append, each for so long at most: each append costs a write and a sync. */
export const MAX_HELD_ENTRIES = 256;
export const HELD_FOR_MS = 1_000;

interface Pending {
  readonly entries: number;
  readonly durable: (head: TreeHead) => void;
  readonly failed: (reason: Fault | undefined) => void;
}

/**
 * The node's way to its ledger. What must be durable before it is sent goes through {@link strict}; what can wait for the
 * next of these, as what others said can, through {@link later}; everything else through {@link record}. Entries stay in
 * order. What the ledger refuses is counted and named by a gap entry as soon as it
 * writes again, so that a hole is never silent.
 */
export class Journal {
  readonly #out: Outbox;
  readonly #pending = new Map<Token, Pending>();
  #head: TreeHead | null = null;
  #held: TimedEntry[] = [];
  #heldUntil: MonoMs | undefined;
  #lost = 0;
  #lostBecause = '';
  /** Why the newest append failed, until one succeeds. */
  #failure: Fault | undefined;
  #settling = false;

  constructor(out: Outbox, head: TreeHead | null) {
    this.#out = out;
    this.#head = head;
  }

  /** The newest durable tree head: the only one a heartbeat may name. */
  get head(): TreeHead | null {
    return this.#head;
  }

  /** True from an append that failed until one succeeds: nothing but gap entries is tried meanwhile. */
  get failing(): boolean {
    return this.#failure !== undefined;
  }

  /** Records that are missing and that no gap entry names yet. */
  get lost(): number {
    return this.#lost;
  }

  /** Appends with the next entry that cannot wait, or when it has waited long enough. */
  later(entry: LedgerEntry, now: Instant): void {
    if (this.#isRefused()) return;
    this.#held.push({ entry, at: now.wall });
    this.#heldUntil ??= monoMs(now.mono + HELD_FOR_MS);
    if (this.#held.length >= MAX_HELD_ENTRIES) this.#flush();
  }

  /** Appends what has waited long enough. */
  tick(now: MonoMs): void {
    if (this.#heldUntil !== undefined && now >= this.#heldUntil) this.#flush();
  }

  get nextDeadline(): MonoMs | undefined {
    return this.#heldUntil;
  }

  /** Appends without waiting. While the ledger is failing the record is counted as lost instead. */
  record(entry: LedgerEntry, at: UnixMs): void {
    if (this.#isRefused()) return;
    this.#held.push({ entry, at });
    this.#flush();
  }

  /** Appends and continues with exactly one of `durable` and `failed`. */
  strict(
    entry: LedgerEntry,
    at: UnixMs,
    durable: () => void,
    failed: (reason: Fault | undefined) => void,
  ): void {
    if (this.#pending.size >= MAX_PENDING_APPENDS) {
      this.lose(1, 'queue-full');
      failed(undefined);
      return;
    }
    this.#append({ entry, at }, durable, failed);
  }

  /** Counts records that were not written. While the ledger is failing, that is the reason. */
  lose(count: number, reason: string): void {
    this.#lost += count;
    this.#lostBecause = this.#failure?.code ?? reason;
  }

  /** Writes the gap entry for what was lost, if anything was; its success ends a failure. */
  settle(at: UnixMs): void {
    if (this.#lost === 0 || this.#settling) return;
    this.#settling = true;
    const count = this.#lost;
    const entry: LedgerEntry = { type: 'gap', count, reason: this.#lostBecause };
    const durable = (): void => {
      this.#settling = false;
      this.#failure = undefined;
      this.#lost -= count;
    };
    const failed = (): void => {
      this.#settling = false;
    };
    const held = this.#takeHeld();
    // Its own loss is none: what it names is counted already.
    this.#send([...held, { entry, at }], held.length, durable, failed);
  }

  /** Takes the answer to an append; an answer to nothing of ours is ignored. */
  answer(event: Extract<NodeEvent, { readonly kind: 'durable' | 'append-failed' }>): void {
    const pending = this.#pending.get(event.token);
    if (pending === undefined) return;
    this.#pending.delete(event.token);
    if (event.kind === 'durable') {
      if (this.#head === null || event.head.size > this.#head.size) this.#head = event.head;
      pending.durable(event.head);
      return;
    }
    if (this.#failure === undefined) this.#out.report('error', event.fault);
    this.#failure = event.fault;
    const lost = pending.entries + this.#takeHeld().length;
    if (lost > 0) this.lose(lost, event.fault.code);
    // What is on the disk is unknown from here on: going on could sign a history that the disk does not hold.
    if (event.fault.code === 'LS_LEDGER_IO') this.#out.emit({ kind: 'stopped', fault: event.fault });
    pending.failed(event.fault);
  }

  /** While the ledger is failing, or does not answer, a record is counted as lost instead. */
  #isRefused(): boolean {
    if (!this.failing && this.#pending.size < MAX_PENDING_APPENDS) return false;
    this.lose(1, 'queue-full');
    return true;
  }

  #flush(): void {
    const entries = this.#takeHeld();
    if (entries.length > 0)
      this.#send(
        entries,
        entries.length,
        () => undefined,
        () => undefined,
      );
  }

  #append(entry: TimedEntry, durable: Pending['durable'], failed: Pending['failed']): void {
    const entries = [...this.#takeHeld(), entry];
    this.#send(entries, entries.length, durable, failed);
  }

  #takeHeld(): readonly TimedEntry[] {
    const held = this.#held;
    this.#held = [];
    this.#heldUntil = undefined;
    return held;
  }

  /** `atStake`: how many are lost when it fails. */
  #send(
    entries: readonly TimedEntry[],
    atStake: number,
    durable: Pending['durable'],
    failed: Pending['failed'],
  ): void {
    const token = this.#out.token();
    this.#pending.set(token, { entries: atStake, durable, failed });
    this.#out.emit({ kind: 'append', token, entries });
  }
}
