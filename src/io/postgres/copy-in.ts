import { fault, LsError } from '../../std/index.ts';
import {
  integer,
  LOCK_WAIT_MS,
  MAX_COPIED_BYTES,
  MAX_COPIED_ROWS,
  META,
  type SqlValue,
  type TableShape,
} from '../sql/index.ts';
import { checkCatalogue } from './catalogue.ts';
import type { PostgresConnection } from './connection.ts';
import { migrateWithin } from './migrate.ts';
import { COPYING, openSession, SCHEMA } from './session.ts';
import { parsePostgresUrl } from './target.ts';

/** What a store is filled from: see StoreFile of the SQLite store. */
export interface StoreSource {
  readonly tables: readonly TableShape[];
  count(table: TableShape): number;
  rows(table: TableShape): Iterable<readonly SqlValue[]>;
}

/**
 * Fills the store at `url`, made there if it is not, in one transaction: whatever happens on the way, the database is
 * as it was or has all of it. Nobody else starts on it meanwhile.
 *
 * Throws LS_BACKUP_TARGET, with nothing changed, unless the store there is empty; LS_BACKUP_STORE, LS_CONFIG_STORE, LS_CA_STORE_*.
 */
export async function fillPostgresStore(url: string, source: StoreSource): Promise<void> {
  const connection = await openSession(parsePostgresUrl(url), LOCK_WAIT_MS, COPYING);
  try {
    // Each statement sees what was committed before it: the store is looked at behind the locks.
    await connection.script('BEGIN ISOLATION LEVEL READ COMMITTED');
    await migrateWithin(connection);
    await connection.script(`LOCK TABLE ${META} IN EXCLUSIVE MODE`);
    await checkCatalogue(connection, source.tables);
    await refuseFilled(connection, source.tables);
    const references = await referencesOf(connection);
    await alterEach(connection, references, 'DEFERRABLE INITIALLY DEFERRED');
    await connection.script(`DELETE FROM ${META}`);
    for (const table of source.tables) await fillTable(connection, table, source);
    // References are looked at now that both ends are there, and from the next statement on at once again.
    await connection.script('SET CONSTRAINTS ALL IMMEDIATE');
    await alterEach(connection, references, 'NOT DEFERRABLE');
    await connection.script('COMMIT');
  } finally {
    await connection.close();
  }
}

/** A CA of which nothing is left but that it was read-only is no empty store either. */
async function refuseFilled(connection: PostgresConnection, tables: readonly TableShape[]): Promise<void> {
  for (const { name } of tables) {
    const rest = name === META ? `WHERE name <> 'schema_version' AND name NOT LIKE 'commit:%'` : '';
    if ((await connection.first(`SELECT 1 AS found FROM ${name} ${rest} LIMIT 1`)) === undefined) continue;
    throw new LsError(
      fault('LS_BACKUP_TARGET', `the database holds a CA already: its table ${SCHEMA}.${name} is not empty`),
    );
  }
}

/** A foreign key: `table` and the name of the constraint, quoted. */
type Reference = readonly [string, string];

async function referencesOf(connection: PostgresConnection): Promise<readonly Reference[]> {
  const rows = await connection.all(
    `SELECT conrelid::regclass::text AS tab, quote_ident(conname) AS constr FROM pg_catalog.pg_constraint
     WHERE contype = 'f' AND connamespace = to_regnamespace('${SCHEMA}')`,
  );
  return rows.map(({ tab, constr }) => [String(tab), String(constr)] as const);
}

async function alterEach(
  connection: PostgresConnection,
  references: readonly Reference[],
  how: string,
): Promise<void> {
  for (const [table, name] of references)
    await connection.script(`ALTER TABLE ${table} ALTER CONSTRAINT ${name} ${how}`);
}

async function fillTable(
  connection: PostgresConnection,
  table: TableShape,
  source: StoreSource,
): Promise<void> {
  for (const rows of batches(source.rows(table))) await insert(connection, table, rows);
  const row = await connection.first(`SELECT COUNT(*) AS n FROM ${table.name}`);
  const [filled, wanted] = [row === undefined ? 0 : integer(row, 'n'), source.count(table)];
  if (filled === wanted) return;
  throw new LsError(
    fault('LS_CA_STORE_CORRUPT', `${filled} of ${wanted} rows of the table ${table.name} could be restored`),
  );
}

/** Full batches have one statement, whose plan the server keeps; rows of the last one go in one by one. */
async function insert(
  connection: PostgresConnection,
  { name, columns }: TableShape,
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  const into = `INSERT INTO ${name} (${columns.map((column) => column.name).join(', ')}) VALUES `;
  const one = `(${columns.map(() => '?').join(', ')})`;
  if (rows.length === MAX_COPIED_ROWS) {
    await connection.run(into + rows.map(() => one).join(', '), ...rows.flat());
    return;
  }
  for (const row of rows) await connection.run(into + one, ...row);
}

/** As many at once as may be held, and a larger one alone. */
export function* batches(rows: Iterable<readonly SqlValue[]>): Generator<readonly (readonly SqlValue[])[]> {
  let batch: (readonly SqlValue[])[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = row.reduce((sum: number, value) => sum + sizeOf(value), 0);
    if (batch.length === MAX_COPIED_ROWS || (batch.length > 0 && bytes + size > MAX_COPIED_BYTES)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(row);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

const OTHER_BYTES = 8;

function sizeOf(value: SqlValue): number {
  if (value instanceof Uint8Array) return value.length;
  return typeof value === 'string' ? Buffer.byteLength(value) : OTHER_BYTES;
}
