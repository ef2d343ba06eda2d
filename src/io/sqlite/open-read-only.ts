import { DatabaseSync } from 'node:sqlite';
import type { AuthorityStore } from '../../authority/index.ts';
import { fault, LsError } from '../../std/index.ts';
import { NEWEST_SCHEMA, READ_SCHEMA_VERSION, schemaVersionOf } from '../sql/index.ts';
import { storeFaultOf } from './errors.ts';
import { SqliteStore } from './store.ts';

/**
 * Opens the CA store in the file `path` for reading, also while a server has it open: each read sees the store as it was
 * at one moment, and neither waits for the other. Transactions that write are refused with LS_CA_STORE_IO.
 *
 * Throws LsError: LS_CA_STORE_SCHEMA for a store of another version, LS_CA_STORE_CORRUPT, LS_CA_STORE_IO.
 */
export function openSqliteStoreReadOnly(path: string): AuthorityStore {
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      checkSchema(database);
    } catch (reason) {
      database.close();
      throw reason;
    }
    return new SqliteStore(database);
  } catch (reason) {
    if (reason instanceof LsError) throw reason;
    const detail = reason instanceof Error ? reason.message : 'unknown';
    throw new LsError(
      storeFaultOf(reason) ?? fault('LS_CA_STORE_IO', `cannot read the CA store ${path}: ${detail}`),
      { cause: reason },
    );
  }
}

function checkSchema(database: DatabaseSync): void {
  const held = schemaVersionOf(database.prepare(READ_SCHEMA_VERSION).get());
  if (held === NEWEST_SCHEMA) return;
  throw new LsError(
    fault('LS_CA_STORE_SCHEMA', `the CA store has schema ${held}, and this program reads ${NEWEST_SCHEMA}`),
  );
}
