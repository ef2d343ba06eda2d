import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Sql, SqlRow, SqlValue } from '../sql/index.ts';

/**
 * Runs SQL texts, each prepared once. The texts are constants, so the cache is bounded by the code. Promises only
 * because the port has them: each is done when it returns.
 */
export class Statements implements Sql {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return soon(() => Number(this.#prepare(sql).run(...values).changes));
  }

  first(sql: string, ...values: readonly SqlValue[]): Promise<SqlRow | undefined> {
    return soon(() => this.#prepare(sql).get(...values));
  }

  all(sql: string, ...values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return soon(() => this.#prepare(sql).all(...values));
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

/** What `work` throws becomes a rejection. */
function soon<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
