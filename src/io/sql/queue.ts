import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { err, fault, type Fault, type Result } from '../../std/index.ts';

/** Transactions that wait for the one that runs. */
export const MAX_WAITING_TRANSACTIONS = 10_000;
/** How long a transaction waits for whoever holds the write lock, or for its database to come back. */
export const LOCK_WAIT_MS = 5_000;

/** What became of one try: it is over, or worth another one for that reason. */
export type Attempt<T> =
  | { readonly kind: 'done'; readonly result: Result<T, Fault> }
  | { readonly kind: 'again'; readonly reason: Fault };

export interface QueueLimits {
  readonly waitMs: number;
  /** Upper bound of the random pause between two tries. */
  readonly pauseMs: number;
}

/**
 * Runs transactions one after the other, in the order in which they came, and tries each again until it is done or has
 * waited long enough.
 */
export class TransactionQueue {
  readonly #limits: QueueLimits;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #ended: Fault | undefined;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Why nothing more is accepted, if so. */
  get ended(): Fault | undefined {
    return this.#ended;
  }

  /** Accepts nothing more; the first reason counts. */
  end(reason: Fault): void {
    this.#ended ??= reason;
  }

  run<T>(attempt: () => Promise<Attempt<T>>): Promise<Result<T, Fault>> {
    if (this.#ended !== undefined) return Promise.resolve(err(this.#ended));
    if (this.#waiting >= MAX_WAITING_TRANSACTIONS) {
      return Promise.resolve(
        err(fault('LS_CA_STORE_BUSY', `${this.#waiting} transactions are waiting for the CA store`)),
      );
    }
    this.#waiting++;
    const outcome = this.#tail.then(() => this.#untilDone(attempt)).finally(() => this.#waiting--);
    this.#tail = outcome.catch(() => undefined);
    return outcome;
  }

  /** Resolves when what was accepted so far is done. */
  async idle(): Promise<void> {
    await this.#tail;
  }

  async #untilDone<T>(attempt: () => Promise<Attempt<T>>): Promise<Result<T, Fault>> {
    let giveUpAt: number | undefined;
    for (;;) {
      const tried = await attempt();
      if (tried.kind === 'done') return tried.result;
      // From the first failure: what was undone while it worked had its own time.
      giveUpAt ??= performance.now() + this.#limits.waitMs;
      if (performance.now() >= giveUpAt) return err(tried.reason);
      await delay(randomInt(1, this.#limits.pauseMs + 1));
    }
  }
}
