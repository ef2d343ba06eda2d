import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fault, LsError } from '../../std/index.ts';
import { fileError } from './file-fault.ts';

const LOCK_FILE = 'lock';
/** Beside the lock, because reading the locked file and closing it would drop a lock of this very process. */
const PID_FILE = 'lock.pid';
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;

/**
 * One process per home: an exclusive SQLite lock on `<home>/lock`, which the operating system releases when the
 * process ends in whatever way, kill -9 included. The file itself stays and stays empty.
 */
export class HomeLock {
  private readonly database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.database = database;
  }

  /**
   * Takes the lock or throws at once: LS_HOME_LOCKED naming the process that holds it when that is known, or
   * LS_HOME_UNWRITABLE. Requires: the directory exists.
   */
  static acquire(home: string): HomeLock {
    const database = openLocked(home);
    try {
      writeFileSync(join(home, PID_FILE), `${String(process.pid)}\n`, { mode: 0o600 });
    } catch (cause) {
      database.close();
      throw fileError(cause, 'write', join(home, PID_FILE));
    }
    return new HomeLock(database);
  }

  /** Gives the home free. Further calls do nothing. */
  release(): void {
    if (this.database.isOpen) this.database.close();
  }
}

function openLocked(home: string): DatabaseSync {
  const path = join(home, LOCK_FILE);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database?.close();
    throw lockError(cause, home, path);
  }
}

function lockError(cause: unknown, home: string, path: string): LsError {
  switch (sqliteCodeOf(cause)) {
    case SQLITE_BUSY:
      return new LsError(fault('LS_HOME_LOCKED', `${home} is in use${holderOf(home)}`), { cause });
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return new LsError(fault('LS_HOME_UNWRITABLE', `cannot create or write ${path}`), { cause });
    case SQLITE_FULL:
      return new LsError(fault('LS_DISK_FULL', `cannot lock ${path}`), { cause });
    default:
      return fileError(cause, 'lock', path);
  }
}

/** SQLite's primary result code (the low byte of the extended one). */
function sqliteCodeOf(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('errcode' in cause)) return undefined;
  return typeof cause.errcode === 'number' ? cause.errcode & 0xff : undefined;
}

function holderOf(home: string): string {
  try {
    const pid = readFileSync(join(home, PID_FILE), 'utf8').trim();
    return /^[1-9][0-9]{0,9}$/.test(pid) ? ` by process ${pid}` : '';
  } catch {
    return '';
  }
}
