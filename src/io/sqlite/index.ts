export { openSqliteStoreReadOnly } from './open-read-only.ts';
export { openSqliteStore, type SqliteStoreOptions } from './open.ts';
export { checkSqliteStore, snapshotSqliteStore } from './snapshot.ts';
