import type { AuthorityStore } from '../../authority/index.ts';
import { migrate } from './migrate.ts';
import { openSession, openStoreSession } from './session.ts';
import { PostgresStore, type PostgresStoreOptions } from './store.ts';
import { parsePostgresUrl } from './target.ts';

/**
 * Opens the CA store in the PostgreSQL database that `url` names (see {@link parsePostgresUrl}), made if it is not
 * there, and migrates it. Any number of processes may have it open; its connections come back by themselves.
 *
 * Throws LsError: LS_CONFIG_STORE, LS_CA_STORE_SCHEMA, _UNREACHABLE, _REFUSED, _READ_ONLY, _NOT_DURABLE, _BUSY.
 */
export async function openPostgresStore(
  url: string,
  options: PostgresStoreOptions = {},
): Promise<AuthorityStore> {
  const target = parsePostgresUrl(url);
  const connection = await openSession(target);
  try {
    await migrate(connection);
  } finally {
    await connection.close();
  }
  return new PostgresStore(target, options);
}

/** {@link openPostgresStore} of what is there, to look at only: nothing is migrated. */
export async function openPostgresStoreReadOnly(url: string): Promise<AuthorityStore> {
  const target = parsePostgresUrl(url);
  const connection = await openStoreSession(target);
  await connection.close();
  return new PostgresStore(target, {});
}
