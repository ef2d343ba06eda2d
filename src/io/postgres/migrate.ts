import {
  MIGRATIONS,
  pendingMigrations,
  READ_SCHEMA_VERSION,
  SCHEMA_TABLE,
  schemaVersionOf,
  WRITE_SCHEMA_VERSION,
  type Migration,
} from '../sql/index.ts';
import { forgetOldMarks } from './commit-mark.ts';
import type { PostgresConnection } from './connection.ts';
import { bytewise } from './dialect.ts';
import { SCHEMA } from './session.ts';

/** Any number that nobody else uses in this database. */
const MIGRATION_LOCK = 0x6c696665;

/**
 * Brings the schema up to date in one transaction; of replicas that start at once, one does it and the others wait.
 * Throws LS_CA_STORE_SCHEMA, with nothing changed, when a newer program wrote the store.
 */
export async function migrate(
  connection: PostgresConnection,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await connection.script('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    await migrateWithin(connection, migrations);
    await connection.script(forgetOldMarks(Date.now()));
    await connection.script('COMMIT');
  } catch (cause) {
    if (!connection.isOver) await connection.script('ROLLBACK').catch(() => undefined);
    throw cause;
  }
}

/** {@link migrate} as a part of the transaction that `connection` is in, until whose end nobody else migrates. */
export async function migrateWithin(
  connection: PostgresConnection,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await connection.script(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
  const found = await connection.first(`SELECT to_regnamespace('${SCHEMA}')::text AS name`);
  // Not IF NOT EXISTS: that asks for the right to make schemas, which whoever owns this one may lack.
  if (found?.['name'] === null) await connection.script(`CREATE SCHEMA ${SCHEMA}`);
  await connection.script(bytewise(SCHEMA_TABLE));
  const held = schemaVersionOf(await connection.first(READ_SCHEMA_VERSION));
  for (const { version, statements } of pendingMigrations(held, migrations)) {
    for (const statement of statements) await connection.script(bytewise(statement));
    await connection.run(WRITE_SCHEMA_VERSION, version);
  }
}
