import { setTimeout as delay } from 'node:timers/promises';
import type { StoreTransaction } from '../../authority/index.ts';
import { err, fault, LsError, ok, type Fault, type Result } from '../../std/index.ts';
import {
  integer,
  LOCK_WAIT_MS,
  READ_SCHEMA_VERSION,
  schemaVersionOf,
  sqlTransaction,
  TransactionQueue,
  type Attempt,
} from '../sql/index.ts';
import type { PostgresConnection } from './connection.ts';
import { markCommit, newMark } from './commit-mark.ts';
import { checkVersion, openStoreSession } from './session.ts';
import type { PostgresTarget } from './target.ts';

const MAX_RETRY_PAUSE_MS = 100;
const ASK_AGAIN_MS = 50;

export interface LaneOptions {
  readonly writes: boolean;
  /** How long a transaction waits for the lock, or for its server to come back. */
  readonly waitMs?: number;
  /** SQL text that every commit does besides. */
  readonly withCommit?: string;
  /** Told of every new connection before it is used. */
  readonly onConnected?: (connection: PostgresConnection) => Promise<void>;
}

type Work<T> = (tx: StoreTransaction) => Promise<Result<T, Fault>>;

/**
 * Transactions one after the other on one connection, which is made when it is needed and made anew when it has
 * failed.
 *
 * Writers take an exclusive lock on one table before they see anything. LOCK TABLE takes no snapshot, so the snapshot
 * is that of the moment in which the lock was got: whatever any replica committed before is seen, and nothing can
 * change meanwhile. So writers are serial, across replicas too, without one ever having to be undone for another's
 * sake; readers see the state between two of them, and neither waits for the other.
 * Source: PostgreSQL documentation, "LOCK", notes; "Transaction Isolation", 13.2.2.
 */
export class Lane {
  readonly #target: PostgresTarget;
  readonly #options: LaneOptions;
  readonly #queue: TransactionQueue;
  readonly #waitMs: number;
  readonly #mark = newMark();
  readonly #beforeCommit: string;
  #lastCommit = 0;
  #connection: PostgresConnection | undefined;

  constructor(target: PostgresTarget, options: LaneOptions) {
    this.#target = target;
    this.#options = options;
    this.#waitMs = options.waitMs ?? LOCK_WAIT_MS;
    this.#beforeCommit = options.withCommit === undefined ? '' : `${options.withCommit}; `;
    this.#queue = new TransactionQueue({ waitMs: this.#waitMs, pauseMs: MAX_RETRY_PAUSE_MS });
  }

  run<T>(work: Work<T>): Promise<Result<T, Fault>> {
    return this.#queue.run(() => this.#attempt(work));
  }

  /** Does something between two transactions, without one. */
  between(work: (connection: PostgresConnection) => Promise<void>): Promise<Result<void, Fault>> {
    return this.#queue.run(async () => {
      try {
        await work(await this.connect());
        return { kind: 'done', result: ok(undefined) };
      } catch (thrown) {
        return await undo(undefined, thrown);
      }
    });
  }

  /** Connects, if it is not. Rejects with LS_CA_STORE_*. */
  async connect(): Promise<PostgresConnection> {
    if (this.#connection?.isOver === false) return this.#connection;
    const connection = await openStoreSession(this.#target, this.#waitMs);
    await this.#options.onConnected?.(connection);
    this.#connection = connection;
    return connection;
  }

  async close(): Promise<void> {
    this.#queue.end(fault('LS_CA_STORE_CLOSED', 'the CA store is closed'));
    await this.#queue.idle();
    await this.#connection?.close();
  }

  async #attempt<T>(work: Work<T>): Promise<Attempt<T>> {
    let connection: PostgresConnection | undefined;
    try {
      connection = await this.connect();
      await begin(connection, this.#options.writes ? BEGIN_WRITING : BEGIN_READING);
      const result = await work(sqlTransaction(connection));
      if (result.ok && this.#options.writes) return await this.#commit(connection, result);
      await connection.script('ROLLBACK');
      return { kind: 'done', result };
    } catch (thrown) {
      return await undo(connection, thrown);
    }
  }

  async #commit<T>(connection: PostgresConnection, result: Result<T, Fault>): Promise<Attempt<T>> {
    this.#lastCommit = Math.max(this.#lastCommit + 1, Date.now());
    try {
      await connection.script(`${this.#beforeCommit}${markCommit(this.#mark, this.#lastCommit)}; COMMIT`);
      return { kind: 'done', result };
    } catch (thrown) {
      if (!(thrown instanceof LsError) || !connection.isOver) throw thrown;
      return this.#settle(thrown.fault, result);
    }
  }

  /**
   * The connection failed while the server committed: asks on another one what has become of it. The number of the
   * transaction would not do: a server that crashed before it wrote that down gives it to somebody else.
   */
  async #settle<T>(reason: Fault, result: Result<T, Fault>): Promise<Attempt<T>> {
    const giveUpAt = performance.now() + this.#waitMs;
    while (performance.now() < giveUpAt) {
      const kept = await this.#isLastCommitKept();
      if (kept !== undefined) return kept ? { kind: 'done', result } : { kind: 'again', reason };
      await delay(ASK_AGAIN_MS);
    }
    const { code, detail } = reason;
    return {
      kind: 'done',
      result: err(fault(code, `${detail}; whether the last change was kept is not known`)),
    };
  }

  /** Undefined while nobody can be asked. */
  async #isLastCommitKept(): Promise<boolean | undefined> {
    let connection: PostgresConnection | undefined;
    try {
      connection = await this.connect();
      // Behind the lock, so after the end of the transaction that is asked about.
      await begin(connection, BEGIN_WRITING);
      const row = await connection.first('SELECT value FROM meta WHERE name = ?', this.#mark);
      await connection.script('ROLLBACK');
      return row !== undefined && integer(row, 'value') === this.#lastCommit;
    } catch (thrown) {
      if (connection !== undefined) await rollBack(connection);
      if (thrown instanceof LsError) return undefined;
      throw thrown;
    }
  }
}

const BEGIN_WRITING = `BEGIN ISOLATION LEVEL REPEATABLE READ;
  LOCK TABLE meta IN EXCLUSIVE MODE; ${READ_SCHEMA_VERSION}`;
const BEGIN_READING = `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; ${READ_SCHEMA_VERSION}`;

async function begin(connection: PostgresConnection, script: string): Promise<void> {
  checkVersion(schemaVersionOf((await connection.script(script))[0]));
}

/** A server that is away or being replaced may come back, so that is tried again; another fault of the store is the result; anything else is a bug. */
async function undo<T>(connection: PostgresConnection | undefined, thrown: unknown): Promise<Attempt<T>> {
  if (connection !== undefined) await rollBack(connection);
  if (!(thrown instanceof LsError) || !thrown.code.startsWith('LS_CA_STORE_')) throw thrown;
  const reason = thrown.fault;
  if (PASSING.includes(reason.code)) return { kind: 'again', reason };
  return { kind: 'done', result: err(reason) };
}

const PASSING: readonly string[] = ['LS_CA_STORE_UNREACHABLE', 'LS_CA_STORE_READ_ONLY'];

/** Where that fails, cutting the connection undoes the rest. */
async function rollBack(connection: PostgresConnection): Promise<void> {
  if (connection.isOver) return;
  try {
    await connection.script('ROLLBACK');
  } catch {
    connection.cut(fault('LS_CA_STORE_UNREACHABLE', 'the CA store cannot roll back'));
  }
}
