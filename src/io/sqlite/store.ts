import { randomInt } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuthorityStore, StoreReader, StoreTransaction } from '../../authority/index.ts';
import { err, fault, LsError, type Fault, type Result } from '../../std/index.ts';
import { isFatal, storeFaultOf } from './errors.ts';
import { Statements } from './statements.ts';
import { sqliteTransaction } from './transaction.ts';

/** Transactions that wait for the one that runs. */
export const MAX_WAITING_TRANSACTIONS = 10_000;
/** How long a transaction waits for another process, or another store object, to give up the write lock. */
export const LOCK_WAIT_MS = 5_000;
const MAX_LOCK_RETRY_DELAY_MS = 8;

type Begin = 'BEGIN IMMEDIATE' | 'BEGIN';
type Attempt<T> =
  | { readonly kind: 'done'; readonly result: Result<T, Fault> }
  | { readonly kind: 'busy'; readonly reason: Fault };

/**
 * The CA store in one SQLite file. One connection, on which transactions run one after the other. The write lock
 * is taken at the beginning, so a transaction that has begun does not fail for a lock later; waiting for it is a
 * retry with a short random delay and never blocks the event loop (SQLite's own busy handler would, and with it a
 * holder in the same process).
 */
export class SqliteStore implements AuthorityStore {
  readonly #database: DatabaseSync;
  readonly #tx: StoreTransaction;
  readonly #lockWaitMs: number;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #ended: Fault | undefined;

  constructor(database: DatabaseSync, lockWaitMs: number = LOCK_WAIT_MS) {
    this.#database = database;
    this.#lockWaitMs = lockWaitMs;
    this.#tx = sqliteTransaction(new Statements(database));
  }

  transaction<T>(work: (tx: StoreTransaction) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    return this.#enqueue('BEGIN IMMEDIATE', work);
  }

  read<T>(work: (tx: StoreReader) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    return this.#enqueue('BEGIN', work);
  }

  async close(): Promise<void> {
    this.#ended ??= fault('LS_CA_STORE_CLOSED', 'the CA store is closed');
    await this.#tail;
    if (this.#database.isOpen) this.#database.close();
  }

  #enqueue<T>(
    begin: Begin,
    work: (tx: StoreTransaction) => Promise<Result<T, Fault>>,
  ): Promise<Result<T, Fault>> {
    if (this.#ended !== undefined) return Promise.resolve(err(this.#ended));
    if (this.#waiting >= MAX_WAITING_TRANSACTIONS) {
      return Promise.resolve(
        err(fault('LS_CA_STORE_BUSY', `${this.#waiting} transactions are waiting for the CA store`)),
      );
    }
    this.#waiting++;
    const outcome = this.#tail.then(() => this.#untilLocked(begin, work)).finally(() => this.#waiting--);
    this.#tail = outcome.catch(() => undefined);
    return outcome;
  }

  async #untilLocked<T>(
    begin: Begin,
    work: (tx: StoreTransaction) => Promise<Result<T, Fault>>,
  ): Promise<Result<T, Fault>> {
    const giveUpAt = performance.now() + this.#lockWaitMs;
    for (;;) {
      const attempt = await this.#attempt(begin, work);
      if (attempt.kind === 'done') return attempt.result;
      if (performance.now() >= giveUpAt) return err(attempt.reason);
      await delay(randomInt(1, MAX_LOCK_RETRY_DELAY_MS + 1));
    }
  }

  async #attempt<T>(
    begin: Begin,
    work: (tx: StoreTransaction) => Promise<Result<T, Fault>>,
  ): Promise<Attempt<T>> {
    if (this.#ended?.code === 'LS_CA_STORE_IO' || this.#ended?.code === 'LS_CA_STORE_CORRUPT') {
      return { kind: 'done', result: err(this.#ended) };
    }
    try {
      this.#database.exec(begin);
      const result = await work(this.#tx);
      this.#database.exec(result.ok ? 'COMMIT' : 'ROLLBACK');
      return { kind: 'done', result };
    } catch (thrown) {
      return this.#undo(thrown);
    }
  }

  /** Rolls back; then a lock conflict is retried, a store fault is the result, and anything else is a bug. */
  #undo<T>(thrown: unknown): Attempt<T> {
    const reason = thrown instanceof LsError ? thrown.fault : storeFaultOf(thrown);
    if (reason !== undefined && isFatal(reason)) this.#ended ??= reason;
    this.#rollBack();
    if (reason?.code === 'LS_CA_STORE_BUSY') return { kind: 'busy', reason };
    if (reason === undefined || !reason.code.startsWith('LS_CA_STORE_')) throw thrown;
    return { kind: 'done', result: err(reason) };
  }

  /** SQLite may have rolled back by itself already. When it cannot, closing the file is what undoes the rest. */
  #rollBack(): void {
    if (!this.#database.isTransaction) return;
    try {
      this.#database.exec('ROLLBACK');
    } catch (thrown) {
      this.#ended ??= storeFaultOf(thrown) ?? fault('LS_CA_STORE_IO', 'the CA store cannot roll back');
    }
  }
}
