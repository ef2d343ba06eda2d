export { fillPostgresStore, type StoreSource } from './copy-in.ts';
export { copyPostgresStore, type StoreSink } from './copy-out.ts';
export { openPostgresStore, openPostgresStoreReadOnly } from './open.ts';
export type { PostgresStoreOptions } from './store.ts';
export { isPostgresUrl, parsePostgresUrl, withoutPassword, type PostgresTarget } from './target.ts';
