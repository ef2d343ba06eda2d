import { DatabaseSync } from 'node:sqlite';
import { fault, LsError } from '../../std/index.ts';
import {
  COLUMN_TYPES,
  differenceOf,
  META,
  NEWEST_SCHEMA,
  READ_SCHEMA_VERSION,
  schemaVersionOf,
  type ColumnType,
  type FoundColumn,
  type SqlRow,
  type SqlValue,
  type TableShape,
} from '../sql/index.ts';
import { storeFaultOf } from './errors.ts';
import { migrate } from './migrate.ts';

/**
 * A store in a file, as tables and rows: what a store elsewhere is copied into, or filled from. Whoever made it uses it
 * alone and closes it. All methods throw LS_CA_STORE_*.
 */
export class StoreFile {
  /** All that the newest schema has. */
  readonly tables: readonly TableShape[];
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.tables = newestShape();
  }

  /** The new file `path` with the newest schema and not one row; not synced to disk. */
  static create(path: string): StoreFile {
    return opened(() => {
      const file = new StoreFile(new DatabaseSync(path, { enableForeignKeyConstraints: false }));
      try {
        file.#empty();
        return file;
      } catch (reason) {
        file.close();
        throw reason;
      }
    });
  }

  /** Reads the file of a store that is at the newest schema. Throws LS_BACKUP_STORE for tables that are not its. */
  static open(path: string): StoreFile {
    return opened(() => {
      const file = new StoreFile(new DatabaseSync(path, { readOnly: true }));
      try {
        file.#check();
        return file;
      } catch (reason) {
        file.close();
        throw reason;
      }
    });
  }

  /** Adds rows, all or none. Rows have a value for each column. */
  put(table: TableShape, rows: readonly SqlRow[]): void {
    const names = table.columns.map(({ name }) => name);
    const text = `INSERT INTO ${table.name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
    opened(() => {
      const insert = this.#database.prepare(text);
      this.#database.exec('BEGIN');
      try {
        for (const row of rows)
          insert.run(...table.columns.map(({ name, type }) => copiedValue(table.name, row, name, type)));
        this.#database.exec('COMMIT');
      } catch (reason) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw reason;
      }
    });
  }

  count({ name }: TableShape): number {
    return opened(() => Number(this.#database.prepare(`SELECT COUNT(*) AS n FROM ${name}`).get()?.['n']));
  }

  /** One after the other: the next is read when it is asked for. */
  *rows({ name, columns }: TableShape): Generator<readonly SqlValue[]> {
    const names = columns.map((column) => column.name).join(', ');
    const found = opened(() => this.#database.prepare(`SELECT ${names} FROM ${name}`).iterate());
    for (;;) {
      const next = opened(() => found.next());
      if (next.done === true) return;
      yield columns.map((column) => copiedValue(name, next.value, column.name, column.type));
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #empty(): void {
    // What a crash leaves of the file is thrown away.
    this.#database.exec('PRAGMA synchronous = OFF');
    this.#database.exec('PRAGMA journal_mode = MEMORY');
    migrate(this.#database);
    this.#database.exec(`DELETE FROM ${META}`);
  }

  #check(): void {
    const held = schemaVersionOf(this.#database.prepare(READ_SCHEMA_VERSION).get());
    const difference =
      held === NEWEST_SCHEMA ? differenceOf(this.tables, columnsOf(this.#database)) : `schema ${held}`;
    if (difference === undefined) return;
    throw new LsError(fault('LS_BACKUP_STORE', `the store of the backup has ${difference}`));
  }
}

/** What the migrations make. */
function newestShape(): readonly TableShape[] {
  const database = new DatabaseSync(':memory:');
  try {
    migrate(database);
    const tables = new Map<string, TableShape['columns'][number][]>();
    for (const { table, name, type } of columnsOf(database)) {
      const known = COLUMN_TYPES.find((each) => each === type);
      if (known === undefined || name === null)
        throw new Error(`${table}.${name} is of no type that is copied`);
      tables.set(table, [...(tables.get(table) ?? []), { name, type: known }]);
    }
    return [...tables].map(([name, columns]) => ({ name, columns }));
  } finally {
    database.close();
  }
}

function columnsOf(database: DatabaseSync): readonly FoundColumn[] {
  const rows = database
    .prepare(
      `SELECT t.name AS tab, c.name AS col, c.type AS typ FROM sqlite_schema t, pragma_table_info(t.name) c
       WHERE t.type = 'table' AND substr(t.name, 1, 7) <> 'sqlite_' ORDER BY t.name, c.cid`,
    )
    .all();
  return rows.map(({ tab, col, typ }) => ({ table: String(tab), name: String(col), type: String(typ) }));
}

/** PostgreSQL has no NUL in a text, and numbers beyond 2^53 are none of ours. */
function copiedValue(table: string, row: SqlRow, column: string, type: ColumnType): SqlValue {
  const value = row[column];
  if (value === null) return null;
  switch (type) {
    case 'BIGINT':
      if (Number.isSafeInteger(value)) return value as number;
      break;
    case 'BYTEA':
      if (value instanceof Uint8Array) return value;
      break;
    case 'TEXT':
      if (typeof value === 'string' && !value.includes('\0')) return value;
  }
  throw new LsError(
    fault('LS_CA_STORE_CORRUPT', `the CA store holds something in ${table}.${column} that is no ${type}`),
  );
}

function opened<T>(work: () => T): T {
  try {
    return work();
  } catch (reason) {
    if (reason instanceof LsError) throw reason;
    const known = storeFaultOf(reason) ?? outOfRange(reason);
    if (known === undefined) throw reason;
    throw new LsError(known, { cause: reason });
  }
}

/** What node:sqlite says of an integer that a number can't hold. */
function outOfRange(reason: unknown) {
  if (!(reason instanceof Error && 'code' in reason && reason.code === 'ERR_OUT_OF_RANGE')) return undefined;
  return fault('LS_CA_STORE_CORRUPT', 'the CA store holds an integer beyond 2^53');
}
