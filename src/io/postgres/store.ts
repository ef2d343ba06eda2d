import type { AuthorityStore, StoreReader, StoreTransaction } from '../../authority/index.ts';
import type { Fault, Result } from '../../std/index.ts';
import { Lane } from './lane.ts';
import type { PostgresTarget } from './target.ts';

export interface PostgresStoreOptions {
  /** How long a transaction waits for the lock, or for its server to come back. Default LOCK_WAIT_MS. */
  readonly waitMs?: number;
}

/** The CA store in a PostgreSQL database: one connection that writes and one that only reads. */
export class PostgresStore implements AuthorityStore {
  readonly #writer: Lane;
  readonly #reader: Lane;

  constructor(target: PostgresTarget, options: PostgresStoreOptions) {
    this.#writer = new Lane(target, { ...options, writes: true });
    this.#reader = new Lane(target, { ...options, writes: false });
  }

  transaction<T>(work: (tx: StoreTransaction) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    return this.#writer.run(work);
  }

  read<T>(work: (tx: StoreReader) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    return this.#reader.run(work);
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#reader.close()]);
  }
}
