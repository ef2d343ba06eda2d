import type { DatabaseSync } from 'node:sqlite';
import { fault, LsError } from '../../std/index.ts';
import { integer } from './columns.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';
import { Statements } from './statements.ts';

/**
 * Brings the schema up to date in one transaction. Throws LS_CA_STORE_SCHEMA, with nothing changed, when a newer
 * program wrote the file.
 */
export function migrate(database: DatabaseSync, migrations: readonly Migration[] = MIGRATIONS): void {
  const newest = migrations.at(-1)?.version ?? 0;
  database.exec('BEGIN IMMEDIATE');
  try {
    const held = schemaVersion(database);
    if (held > newest) {
      throw new LsError(
        fault(
          'LS_CA_STORE_SCHEMA',
          `the CA store has schema ${held}, and this program knows up to ${newest}`,
        ),
      );
    }
    for (const migration of migrations.filter(({ version }) => version > held)) apply(database, migration);
    database.exec('COMMIT');
  } catch (reason) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw reason;
  }
}

function schemaVersion(database: DatabaseSync): number {
  database.exec('CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BIGINT NOT NULL)');
  const row = new Statements(database).first(`SELECT value FROM meta WHERE name = 'schema_version'`);
  return row === undefined ? 0 : integer(row, 'value');
}

function apply(database: DatabaseSync, migration: Migration): void {
  for (const statement of migration.statements) database.exec(statement);
  new Statements(database).run(
    `INSERT INTO meta (name, value) VALUES ('schema_version', ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    migration.version,
  );
}
