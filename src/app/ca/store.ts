import type { AuthorityStore } from '../../authority/index.ts';
import type { CaHome } from './home.ts';

/** The store in the home itself. */
export const SQLITE = 'sqlite';

/** Throws LS_CONFIG_STORE, without a password that may be in it, unless it is `sqlite` or a PostgreSQL URL. */
export async function checkStoreChoice(choice: string): Promise<void> {
  if (choice === SQLITE) return;
  const { parsePostgresUrl } = await import('../../io/postgres/index.ts');
  parsePostgresUrl(choice);
}

/**
 * Opens the store that ca.yaml of a home names, made if it is not there. Each kind is loaded only where it is used.
 * Throws LS_CA_STORE_*, LS_CONFIG_STORE.
 */
export async function openCaStore({ store: path }: CaHome, choice: string): Promise<AuthorityStore> {
  if (choice === SQLITE) {
    const { openSqliteStore } = await import('../../io/sqlite/index.ts');
    return openSqliteStore(path);
  }
  const { openPostgresStore } = await import('../../io/postgres/index.ts');
  return openPostgresStore(choice);
}

/** {@link openCaStore} to look at only: nothing is made and nothing migrated. */
export async function openCaStoreReadOnly({ store: path }: CaHome, choice: string): Promise<AuthorityStore> {
  if (choice === SQLITE) {
    const { openSqliteStoreReadOnly } = await import('../../io/sqlite/index.ts');
    return openSqliteStoreReadOnly(path);
  }
  const { openPostgresStoreReadOnly } = await import('../../io/postgres/index.ts');
  return openPostgresStoreReadOnly(choice);
}

/** Where the store is, for people. */
export async function storePlace({ store: path }: CaHome, choice: string): Promise<string> {
  if (choice === SQLITE) return path;
  const { withoutPassword } = await import('../../io/postgres/index.ts');
  return withoutPassword(choice);
}
