import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { AuthorityStore } from '../../authority/index.ts';
import { fault, LsError } from '../../std/index.ts';
import { storeFaultOf } from './errors.ts';
import { migrate } from './migrate.ts';
import { SqliteStore } from './store.ts';

const PRIVATE_FILE_MODE = 0o600;
const OPEN_BUSY_TIMEOUT_MS = 5_000;
/** SQLite's own 2 MB hold the indexes of some thousand certificates: each further one would read pages again. */
const CACHE_KIB = 32_768;
const IN_MEMORY = ':memory:';

export interface SqliteStoreOptions {
  /** How long a transaction waits for the write lock. Default LOCK_WAIT_MS. */
  readonly lockWaitMs?: number;
}

/**
 * Opens the CA store in the file `path`, made with mode 0600 when it is missing, and migrates it. `:memory:` is a
 * store for tests that ends with its object.
 *
 * Every acknowledged transaction survives kill -9 and power loss: write-ahead log with synchronous FULL.
 *
 * Throws LsError: LS_CA_STORE_SCHEMA, LS_CA_STORE_BUSY, LS_CA_STORE_CORRUPT (no database), LS_CA_STORE_IO.
 */
export function openSqliteStore(path: string, options: SqliteStoreOptions = {}): AuthorityStore {
  try {
    if (path !== IN_MEMORY) makePrivate(path);
    const database = new DatabaseSync(path, { timeout: OPEN_BUSY_TIMEOUT_MS });
    try {
      configure(database, path);
      migrate(database);
      // From here on waiting for a lock is done without blocking the event loop (see SqliteStore).
      database.exec('PRAGMA busy_timeout = 0');
    } catch (reason) {
      database.close();
      throw reason;
    }
    return new SqliteStore(database, options.lockWaitMs);
  } catch (reason) {
    if (reason instanceof LsError) throw reason;
    const detail = reason instanceof Error ? reason.message : 'unknown';
    throw new LsError(
      storeFaultOf(reason) ?? fault('LS_CA_STORE_IO', `cannot open the CA store ${path}: ${detail}`),
      { cause: reason },
    );
  }
}

/** SQLite gives its -wal and -shm files the mode of the database file, so that one comes first. */
function makePrivate(path: string): void {
  closeSync(openSync(path, 'a', PRIVATE_FILE_MODE));
  chmodSync(path, PRIVATE_FILE_MODE);
}

function configure(database: DatabaseSync, path: string): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  if (path !== IN_MEMORY && mode !== 'wal') {
    throw new LsError(fault('LS_CA_STORE_IO', `the file system of ${path} does not allow a write-ahead log`));
  }
  database.exec('PRAGMA synchronous = FULL');
  database.exec(`PRAGMA cache_size = ${-CACHE_KIB}`);
  database.exec('PRAGMA foreign_keys = ON');
  database.exec('PRAGMA trusted_schema = OFF');
}
