export { integer } from './columns.ts';
export {
  MIGRATIONS,
  NEWEST_SCHEMA,
  pendingMigrations,
  READ_SCHEMA_VERSION,
  SCHEMA_TABLE,
  schemaVersionOf,
  WRITE_SCHEMA_VERSION,
  type Migration,
} from './migrations.ts';
export { LOCK_WAIT_MS, MAX_WAITING_TRANSACTIONS, TransactionQueue, type Attempt } from './queue.ts';
export {
  COLUMN_TYPES,
  copiedRows,
  differenceOf,
  MAX_COPIED_BYTES,
  MAX_COPIED_ROWS,
  META,
  type ColumnType,
  type FoundColumn,
  type TableShape,
} from './shape.ts';
export type { Sql, SqlRow, SqlValue } from './sql.ts';
export { sqlTransaction } from './transaction.ts';
