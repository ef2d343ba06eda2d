import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import { fault, LsError, type Fault } from '../../std/index.ts';
import type { Sql, SqlRow, SqlValue } from '../sql/index.ts';
import { parameter, parserOf, prepare } from './dialect.ts';
import { isConnectionOver, postgresFaultOf } from './errors.ts';
import type { PostgresTarget } from './target.ts';

/** Until a connection is there, TLS and log-in included. */
const CONNECT_TIMEOUT_MS = 5_000;
/** No statement of a server of ours takes this long: a server that is silent longer is gone. */
const ANSWER_TIMEOUT_MS = 15_000;
const KEEPALIVE_AFTER_MS = 5_000;

/**
 * One connection to a PostgreSQL server. What fails rejects with LsError: LS_CA_STORE_*, or with what `pg` threw for a
 * bug of ours. Once it is over it stays so: the next one is a new object.
 */
export class PostgresConnection implements Sql {
  readonly #client: Client;
  readonly #socket: Socket;
  #over: Fault | undefined;
  #onNotice: ((payload: string) => void) | undefined;

  private constructor(client: Client, socket: Socket) {
    this.#client = client;
    this.#socket = socket;
    // Between two statements nobody waits for the answer that says so.
    client.on('error', (cause: unknown) => this.#fail(cause));
    client.on('notification', ({ payload }) => this.#onNotice?.(payload ?? ''));
  }

  static async open(
    target: PostgresTarget,
    answerTimeoutMs: number = ANSWER_TIMEOUT_MS,
  ): Promise<PostgresConnection> {
    const { Client } = await import('pg');
    const socket = new Socket();
    const client = new Client({ ...(await configurationOf(target, socket)), query_timeout: answerTimeoutMs });
    const connection = new PostgresConnection(client, socket);
    try {
      await client.connect();
      return connection;
    } catch (cause) {
      socket.destroy();
      throw faultError(cause);
    }
  }

  /** Whether it has failed. */
  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** One or several statements without values; the rows of the last one. */
  async script(text: string): Promise<readonly SqlRow[]> {
    const answer: unknown = await this.#ask(() => this.#client.query(text));
    const last: unknown = Array.isArray(answer) ? answer.at(-1) : answer;
    return rowsOf(last);
  }

  async run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return (await this.#query(sql, values)).rowCount ?? 0;
  }

  async first(sql: string, ...values: readonly SqlValue[]): Promise<SqlRow | undefined> {
    return (await this.all(sql, ...values)).at(0);
  }

  async all(sql: string, ...values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return (await this.#query(sql, values)).rows;
  }

  /** Calls `onNotice` whenever a connection, this one too, has notified `channel`, until this one is over. */
  async listen(channel: string, onNotice: (payload: string) => void): Promise<void> {
    this.#onNotice = onNotice;
    await this.script(`LISTEN ${channel}`);
  }

  /** Says good-bye where that is possible. */
  async close(): Promise<void> {
    if (!this.isOver) {
      this.#over = fault('LS_CA_STORE_CLOSED', 'the connection to the CA store is closed');
      await Promise.race([this.#client.end().catch(() => undefined), this.#closed()]);
    }
    this.#socket.destroy();
  }

  /** Cuts it: what the server had not committed is undone there. */
  cut(reason: Fault): void {
    this.#over ??= reason;
    this.#socket.destroy();
  }

  #closed(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  #query(sql: string, values: readonly SqlValue[]) {
    return this.#ask(() =>
      this.#client.query<Record<string, unknown>>({ ...prepare(sql), values: values.map(parameter) }),
    );
  }

  async #ask<T>(send: () => Promise<T>): Promise<T> {
    if (this.#over !== undefined) throw new LsError(this.#over);
    try {
      return await send();
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  #fail(cause: unknown): unknown {
    const reason = postgresFaultOf(cause);
    if (reason !== undefined && isConnectionOver(reason)) this.cut(reason);
    return faultError(cause);
  }
}

function faultError(cause: unknown): unknown {
  const reason = postgresFaultOf(cause);
  return reason === undefined ? cause : new LsError(reason, { cause });
}

function rowsOf(answer: unknown): readonly SqlRow[] {
  return (answer as { readonly rows: readonly SqlRow[] }).rows;
}

async function configurationOf(target: PostgresTarget, socket: Socket): Promise<ClientConfig> {
  const { host, port, user, database, tls } = target;
  return {
    host,
    port,
    user,
    database,
    // A function is asked only when the server wants a password, and is not shown with the object that holds it.
    password: () => target.password() ?? process.env['PGPASSWORD'] ?? '',
    ssl: tls === null ? false : await tlsOptions(tls.rootCertFile),
    application_name: 'lifesign',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
    stream: () => socket,
    types: { getTypeParser: parserOf },
  };
}

/** `pg` has the server's name checked against the host. */
async function tlsOptions(rootCertFile: string | null) {
  const options = { minVersion: 'TLSv1.2' } as const;
  if (rootCertFile === null) return options;
  const ca = await readFile(rootCertFile, 'utf8').catch((cause: unknown) => {
    throw new LsError(fault('LS_CONFIG_STORE', `cannot read the sslrootcert ${rootCertFile}`), { cause });
  });
  return { ...options, ca };
}
