import type { AuthorityStore, StoreReader, StoreTransaction } from '../../authority/index.ts';
import type { Fault, Result } from '../../std/index.ts';
import { PostgresExchange } from './exchange.ts';
import { Lane } from './lane.ts';
import type { PostgresTarget } from './target.ts';

export interface PostgresStoreOptions {
  /** How long a transaction waits for the lock, or for its server to come back. Default LOCK_WAIT_MS. */
  readonly waitMs?: number;
}

/** The CA store in a PostgreSQL database: one connection that writes, and one that reads and listens. */
export class PostgresStore implements AuthorityStore {
  readonly exchange: PostgresExchange;
  readonly #writer: Lane;
  readonly #reader: Lane;

  constructor(target: PostgresTarget, options: PostgresStoreOptions) {
    this.exchange = new PostgresExchange((work) => this.#reader.between(work));
    this.#writer = new Lane(target, { ...options, writes: true, withCommit: this.exchange.announcement });
    this.#reader = new Lane(target, {
      ...options,
      writes: false,
      onConnected: (connection) => this.exchange.listenOn(connection),
    });
  }

  transaction<T>(work: (tx: StoreTransaction) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    return this.#writer.run(work);
  }

  read<T>(work: (tx: StoreReader) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    return this.#reader.run(work);
  }

  async close(): Promise<void> {
    this.exchange.close();
    await Promise.all([this.#writer.close(), this.#reader.close()]);
  }
}
