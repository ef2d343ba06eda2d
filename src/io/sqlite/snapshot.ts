import { DatabaseSync } from 'node:sqlite';
import { fault, LsError } from '../../std/index.ts';
import { storeFaultOf } from './errors.ts';

const BUSY_TIMEOUT_MS = 5_000;

/**
 * Copies the store `from` as it is at one moment into the new file `to`, while others may be writing to it: one
 * read transaction, which neither waits for a writer nor keeps one waiting. `to` is not synced to disk.
 * Throws LS_CA_STORE_*.
 */
export function snapshotSqliteStore(from: string, to: string): void {
  withDatabase(from, (database) => database.prepare('VACUUM INTO ?').run(to));
}

/** Reads a store file whole. Throws LS_CA_STORE_CORRUPT naming the first thing that is wrong with it. */
export function checkSqliteStore(path: string): void {
  withDatabase(path, (database) => {
    const found = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (found !== 'ok') throw corrupt(path, typeof found === 'string' ? found : 'no answer');
    const orphan = database.prepare('PRAGMA foreign_key_check').get();
    if (orphan !== undefined) throw corrupt(path, `a row of ${String(orphan['table'])} has lost its parent`);
  });
}

function corrupt(path: string, what: string): LsError {
  return new LsError(fault('LS_CA_STORE_CORRUPT', `${path}: ${what}`));
}

function withDatabase(path: string, work: (database: DatabaseSync) => void): void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    work(database);
  } catch (reason) {
    if (reason instanceof LsError) throw reason;
    const detail = reason instanceof Error ? reason.message : 'unknown';
    throw new LsError(storeFaultOf(reason) ?? fault('LS_CA_STORE_IO', `cannot read ${path}: ${detail}`), {
      cause: reason,
    });
  } finally {
    database?.close();
  }
}
