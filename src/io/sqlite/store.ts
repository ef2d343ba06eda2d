import type { DatabaseSync } from 'node:sqlite';
import type { AuthorityStore, StoreReader, StoreTransaction } from '../../authority/index.ts';
import { err, fault, LsError, type Fault, type Result } from '../../std/index.ts';
import { LOCK_WAIT_MS, sqlTransaction, TransactionQueue, type Attempt } from '../sql/index.ts';
import { isFatal, storeFaultOf } from './errors.ts';
import { Statements } from './statements.ts';

const MAX_LOCK_RETRY_DELAY_MS = 8;

type Begin = 'BEGIN IMMEDIATE' | 'BEGIN';

/**
 * The CA store in one SQLite file. One connection, on which transactions run one after the other. The write lock
 * is taken at the beginning, so a transaction that has begun does not fail for a lock later; waiting for it is a
 * retry with a short random delay and never blocks the event loop (SQLite's own busy handler would, and with it a
 * holder in the same process).
 */
export class SqliteStore implements AuthorityStore {
  readonly #database: DatabaseSync;
  readonly #tx: StoreTransaction;
  readonly #queue: TransactionQueue;

  constructor(database: DatabaseSync, waitMs: number = LOCK_WAIT_MS) {
    this.#database = database;
    this.#queue = new TransactionQueue({ waitMs, pauseMs: MAX_LOCK_RETRY_DELAY_MS });
    this.#tx = sqlTransaction(new Statements(database));
  }

  transaction<T>(work: (tx: StoreTransaction) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    return this.#queue.run(() => this.#attempt('BEGIN IMMEDIATE', work));
  }

  read<T>(work: (tx: StoreReader) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    return this.#queue.run(() => this.#attempt('BEGIN', work));
  }

  async close(): Promise<void> {
    this.#queue.end(fault('LS_CA_STORE_CLOSED', 'the CA store is closed'));
    await this.#queue.idle();
    if (this.#database.isOpen) this.#database.close();
  }

  async #attempt<T>(
    begin: Begin,
    work: (tx: StoreTransaction) => Promise<Result<T, Fault>>,
  ): Promise<Attempt<T>> {
    const { ended } = this.#queue;
    if (ended !== undefined && isFatal(ended)) return { kind: 'done', result: err(ended) };
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
    if (reason !== undefined && isFatal(reason)) this.#queue.end(reason);
    this.#rollBack();
    if (reason?.code === 'LS_CA_STORE_BUSY') return { kind: 'again', reason };
    if (reason === undefined || !reason.code.startsWith('LS_CA_STORE_')) throw thrown;
    return { kind: 'done', result: err(reason) };
  }

  /** SQLite may have rolled back by itself already. When it cannot, closing the file is what undoes the rest. */
  #rollBack(): void {
    if (!this.#database.isTransaction) return;
    try {
      this.#database.exec('ROLLBACK');
    } catch (thrown) {
      this.#queue.end(storeFaultOf(thrown) ?? fault('LS_CA_STORE_IO', 'the CA store cannot roll back'));
    }
  }
}
