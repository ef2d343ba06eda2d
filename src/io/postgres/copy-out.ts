import { fault, LsError } from '../../std/index.ts';
import {
  copiedRows,
  integer,
  LOCK_WAIT_MS,
  MAX_COPIED_BYTES,
  MAX_COPIED_ROWS,
  READ_SCHEMA_VERSION,
  schemaVersionOf,
  type SqlRow,
  type TableShape,
} from '../sql/index.ts';
import { checkCatalogue } from './catalogue.ts';
import type { PostgresConnection } from './connection.ts';
import { checkVersion, COPYING, openStoreSession } from './session.ts';
import { parsePostgresUrl } from './target.ts';

/** What takes a copy: see StoreFile of the SQLite store. */
export interface StoreSink {
  readonly tables: readonly TableShape[];
  put(table: TableShape, rows: readonly SqlRow[]): void;
  count(table: TableShape): number;
}

const BIGINT_BYTES = 8;

/**
 * Copies the store at `url` as it is at one moment, while any number of servers write to it: neither waits for the other.
 *
 * Throws LS_BACKUP_STORE when there is something in it that the copy would not have, LS_CONFIG_STORE, LS_CA_STORE_*.
 */
export async function copyPostgresStore(url: string, sink: StoreSink): Promise<void> {
  const connection = await openStoreSession(parsePostgresUrl(url), LOCK_WAIT_MS, COPYING);
  try {
    const { tables } = sink;
    // Rows that a policy hides would be missing without a word: with this, asking for them fails.
    await connection.script('SET row_security = off');
    // Locks before the snapshot is taken: the tables stay as the catalogue has them, and servers may write to them.
    const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
      LOCK TABLE ${tables.map(({ name }) => name).join(', ')} IN ACCESS SHARE MODE; ${READ_SCHEMA_VERSION}`;
    checkVersion(schemaVersionOf((await connection.script(begin))[0]));
    await checkCatalogue(connection, tables);
    for (const table of tables) await copyTable(connection, table, sink);
    await connection.script('COMMIT');
  } finally {
    await connection.close();
  }
}

async function copyTable(connection: PostgresConnection, table: TableShape, sink: StoreSink): Promise<void> {
  const { rows: wanted, largest } = await sizeOf(connection, table);
  const atOnce = rowsAtOnce(largest);
  const names = table.columns.map(({ name }) => name).join(', ');
  await connection.script(
    `DECLARE copied NO SCROLL CURSOR FOR SELECT ${names} FROM ${table.name} ${copiedRows(table)}`,
  );
  // One row more than there are is one too many: no answer makes this go on for ever.
  for (let taken = 0; taken <= wanted;) {
    const rows = await connection.script(`FETCH FORWARD ${atOnce} FROM copied`);
    if (rows.length === 0) break;
    sink.put(table, rows);
    taken += rows.length;
  }
  await connection.script('CLOSE copied');
  const copied = sink.count(table);
  if (copied === wanted) return;
  throw new LsError(
    fault('LS_CA_STORE_CORRUPT', `${copied} of ${wanted} rows of the table ${table.name} could be copied`),
  );
}

/** How many rows of which none is larger are held at a time. */
export function rowsAtOnce(largest: number): number {
  return Math.max(1, Math.min(MAX_COPIED_ROWS, Math.floor(MAX_COPIED_BYTES / Math.max(1, largest))));
}

/** The number of rows, and the bytes of the largest: PostgreSQL knows lengths without reading the values. */
async function sizeOf(
  connection: PostgresConnection,
  table: TableShape,
): Promise<{ readonly rows: number; readonly largest: number }> {
  const bytes = table.columns.map(({ name, type }) =>
    type === 'BIGINT' ? String(BIGINT_BYTES) : `COALESCE(octet_length(${name}), 0)::bigint`,
  );
  const row = await connection.first(
    `SELECT COUNT(*) AS n, COALESCE(MAX(${bytes.join(' + ')}), 0)::bigint AS largest
     FROM ${table.name} ${copiedRows(table)}`,
  );
  return row === undefined
    ? { rows: 0, largest: 0 }
    : { rows: integer(row, 'n'), largest: integer(row, 'largest') };
}
