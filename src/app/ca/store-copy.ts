import { rm } from 'node:fs/promises';
import { fileError } from '../../io/files/index.ts';
import { checkSqliteStore, snapshotSqliteStore, StoreFile } from '../../io/sqlite/index.ts';
import type { CaHome } from './home.ts';
import { SQLITE } from './store.ts';

const SQLITE_FILES = ['', '-wal', '-shm', '-journal'];

/**
 * Copies the store that ca.yaml of a home names, as it is at one moment, into the new SQLite file `to`, while others may
 * be writing to it. Throws LS_CA_STORE_*, LS_CONFIG_STORE, LS_BACKUP_STORE.
 */
export async function snapshotCaStore({ store }: CaHome, choice: string, to: string): Promise<void> {
  if (choice === SQLITE) {
    snapshotSqliteStore(store, to);
    return;
  }
  const { copyPostgresStore } = await import('../../io/postgres/index.ts');
  const file = StoreFile.create(to);
  try {
    await copyPostgresStore(choice, file);
  } finally {
    file.close();
  }
  checkSqliteStore(to);
}

/**
 * Puts the store that lies in a home as a SQLite file of the newest schema to where `choice` says, and all of it or
 * nothing. Throws LS_BACKUP_TARGET where another CA is, LS_BACKUP_STORE, LS_CA_STORE_*, LS_CONFIG_STORE.
 */
export async function placeCaStore({ store }: CaHome, choice: string): Promise<void> {
  if (choice === SQLITE) return;
  const { fillPostgresStore } = await import('../../io/postgres/index.ts');
  const file = StoreFile.open(store);
  try {
    await fillPostgresStore(choice, file);
  } finally {
    file.close();
  }
  for (const suffix of SQLITE_FILES) {
    await rm(store + suffix, { force: true }).catch((cause: unknown) => {
      throw fileError(cause, 'write', store + suffix);
    });
  }
}
