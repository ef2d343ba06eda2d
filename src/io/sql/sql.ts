/** What the SQL texts of this folder bind. */
export type SqlValue = string | number | null | Uint8Array;

/** Integers as numbers, BYTEA as bytes that share no memory with the driver. */
export type SqlRow = Readonly<Record<string, unknown>>;

/**
 * One connection to a database, inside a transaction. The texts are constants of this folder, written in the SQL that
 * SQLite and PostgreSQL share, with `?` for each value. Faults of the database reject with LS_CA_STORE_*.
 */
export interface Sql {
  /** Number of rows changed. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>;
  first(sql: string, ...values: readonly SqlValue[]): Promise<SqlRow | undefined>;
  all(sql: string, ...values: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}
