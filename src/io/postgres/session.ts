import { fault, LsError } from '../../std/index.ts';
import { LOCK_WAIT_MS, NEWEST_SCHEMA, READ_SCHEMA_VERSION, schemaVersionOf } from '../sql/index.ts';
import { PostgresConnection } from './connection.ts';
import type { PostgresTarget } from './target.ts';

/** Everything of ours is in a schema of this name, whatever else the database holds. */
export const SCHEMA = 'lifesign';

/**
 * A transaction of ours that waits for its replica this long is undone by the server: the replica is frozen or cut
 * off, and the others want the lock. Less than they wait for it.
 */
export const IDLE_IN_TRANSACTION_MS = 4_000;
/** Bounds what a replica that vanished in the middle of a statement can hold. */
const STATEMENT_TIMEOUT_MS = 14_000;

/** How long the two ends of a session wait for each other. */
export interface Patience {
  readonly idleMs: number;
  readonly statementMs: number;
  /** Undefined: as the connection has it. */
  readonly answerMs?: number;
}

const SERVING: Patience = { idleMs: IDLE_IN_TRANSACTION_MS, statementMs: STATEMENT_TIMEOUT_MS };
/** For the copy of a whole store: looks at each table as a whole, and waits for the disk on this side. */
export const COPYING: Patience = { idleMs: 60_000, statementMs: 600_000, answerMs: 615_000 };

const SETTINGS: Readonly<Record<string, string>> = {
  search_path: SCHEMA,
  client_encoding: 'UTF8',
  bytea_output: 'hex',
  client_min_messages: 'warning',
};

/**
 * Connects, so that what a commit has answered is on the server's disk whatever its configuration says or will say:
 * `synchronous_commit = off` becomes `on` for this session, any stronger value stays, and `fsync = off` is refused.
 *
 * Throws LS_CA_STORE_UNREACHABLE, _REFUSED, _READ_ONLY, _NOT_DURABLE, LS_CONFIG_STORE.
 */
export async function openSession(
  target: PostgresTarget,
  lockWaitMs: number = LOCK_WAIT_MS,
  patience: Patience = SERVING,
): Promise<PostgresConnection> {
  const connection = await PostgresConnection.open(target, patience.answerMs);
  try {
    const row = await connection.first(
      `SELECT current_setting('fsync') AS fsync, pg_is_in_recovery()::text AS standby,
         set_config('synchronous_commit',
           CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
             ELSE current_setting('synchronous_commit') END, false) AS synchronous_commit,
         ${Object.entries({ ...SETTINGS, ...settingsOf(patience), lock_timeout: String(lockWaitMs) })
           .map(([name, value]) => `set_config('${name}', '${value}', false)`)
           .join(', ')}`,
    );
    if (row?.['fsync'] !== 'on') {
      throw new LsError(
        fault(
          'LS_CA_STORE_NOT_DURABLE',
          `${target.shown} runs with fsync = off: a crash can undo what it committed`,
        ),
      );
    }
    if (row['standby'] !== 'false') {
      throw new LsError(
        fault('LS_CA_STORE_READ_ONLY', `${target.shown} is a standby, which takes no changes`),
      );
    }
    return connection;
  } catch (cause) {
    await connection.close();
    throw cause;
  }
}

function settingsOf({ idleMs, statementMs }: Patience): Readonly<Record<string, string>> {
  return {
    idle_in_transaction_session_timeout: String(idleMs),
    statement_timeout: String(statementMs),
  };
}

/** {@link openSession}, and the store there is of this program's version. Throws LS_CA_STORE_SCHEMA too. */
export async function openStoreSession(
  target: PostgresTarget,
  lockWaitMs: number = LOCK_WAIT_MS,
  patience: Patience = SERVING,
): Promise<PostgresConnection> {
  const connection = await openSession(target, lockWaitMs, patience);
  try {
    const held = schemaVersionOf(await connection.first(READ_SCHEMA_VERSION));
    checkVersion(held);
    return connection;
  } catch (cause) {
    await connection.close();
    throw cause;
  }
}

/** Throws LS_CA_STORE_SCHEMA. */
export function checkVersion(held: number): void {
  if (held === NEWEST_SCHEMA) return;
  throw new LsError(
    fault(
      'LS_CA_STORE_SCHEMA',
      `the CA store has schema ${held}, and this program works with ${NEWEST_SCHEMA}`,
    ),
  );
}
