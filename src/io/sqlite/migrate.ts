import type { DatabaseSync } from 'node:sqlite';
import {
  MIGRATIONS,
  pendingMigrations,
  READ_SCHEMA_VERSION,
  SCHEMA_TABLE,
  schemaVersionOf,
  WRITE_SCHEMA_VERSION,
  type Migration,
} from '../sql/index.ts';

/**
 * Brings the schema up to date in one transaction. Throws LS_CA_STORE_SCHEMA, with nothing changed, when a newer
 * program wrote the file.
 */
export function migrate(database: DatabaseSync, migrations: readonly Migration[] = MIGRATIONS): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(SCHEMA_TABLE);
    const held = schemaVersionOf(database.prepare(READ_SCHEMA_VERSION).get());
    for (const { version, statements } of pendingMigrations(held, migrations)) {
      for (const statement of statements) database.exec(statement);
      database.prepare(WRITE_SCHEMA_VERSION).run(version);
    }
    database.exec('COMMIT');
  } catch (reason) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw reason;
  }
}
