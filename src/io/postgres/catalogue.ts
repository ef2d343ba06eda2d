import { fault, LsError } from '../../std/index.ts';
import { differenceOf, type FoundColumn, type TableShape } from '../sql/index.ts';
import type { PostgresConnection } from './connection.ts';
import { SCHEMA } from './session.ts';

/** Whatever can hold something that no copy would have: tables of each kind, and sequences. From the catalogue itself: information_schema leaves out what this user may not read. */
const COLUMNS = `SELECT c.relname AS tab, a.attname AS col,
    CASE WHEN a.attidentity = '' AND a.attgenerated = '' THEN format_type(a.atttypid, a.atttypmod)
      ELSE 'one that is made by the server' END AS typ
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relnamespace = to_regnamespace('${SCHEMA}') AND c.relkind IN ('r', 'p', 'f', 'm', 'S')`;

/** Throws LS_BACKUP_STORE unless the store is made of these tables and columns, all of them and no others. */
export async function checkCatalogue(
  connection: PostgresConnection,
  known: readonly TableShape[],
): Promise<void> {
  const rows = await connection.all(COLUMNS);
  const found = rows.map(({ tab, col, typ }): FoundColumn => ({
    table: String(tab),
    name: typeof col === 'string' ? col : null,
    type: typeof typ === 'string' ? typ : null,
  }));
  const difference = differenceOf(known, found);
  if (difference === undefined) return;
  throw new LsError(fault('LS_BACKUP_STORE', `the schema ${SCHEMA} of the database has ${difference}`));
}
