export { openSqliteStoreReadOnly } from './open-read-only.ts';
export { openSqliteStore, type SqliteStoreOptions } from './open.ts';
export { StoreFile } from './store-file.ts';
export { checkSqliteStore, snapshotSqliteStore } from './snapshot.ts';
