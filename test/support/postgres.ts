import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { NOBODY } from './other-user.ts';

export const DATABASE_PASSWORD = 'p%40ss/w:rd';
const START_TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 50;
const PRIVATE = 0o700;
const MAX_KEPT = 8_192;
/** A dump of all that a test puts into a store. */
const MAX_OUTPUT = 64 * 1024 * 1024;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] as const;

export interface PostgresOptions {
  /** Lines of postgresql.conf. */
  readonly settings?: readonly string[];
  /** Where the tables are, when that is not the server's own directory; made anew, owned by the server's user. */
  readonly dataDirectory?: string;
}

/**
 * A PostgreSQL server of its own, on a free port of loopback and a Unix socket, with its data in a temporary
 * directory. Requires: root, since the server refuses to be it and runs as `nobody`. Dispose of it (`await using`).
 */
export class PostgresServer {
  readonly directory: string;
  readonly port: number;
  readonly #data: string;
  readonly #settings: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, { settings = [], dataDirectory }: PostgresOptions) {
    this.port = port;
    this.directory = mkdtempSync(join(tmpdir(), 'lifesign-pg-'));
    this.#data = dataDirectory ?? join(this.directory, 'data');
    this.#settings = settings;
  }

  static async start(options: PostgresOptions = {}): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), options);
    try {
      server.#initialise();
      await server.launch();
      return server;
    } catch (cause) {
      await server[Symbol.asyncDispose]();
      throw cause;
    }
  }

  /** Of `database`, over TCP, with the password in it. */
  url(database = 'ca', password = DATABASE_PASSWORD): string {
    return `postgres://lifesign:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${database}`;
  }

  /** Over the Unix socket, without a password: the server has to ask for it. */
  socketUrl(database = 'ca'): string {
    return `postgres://lifesign@localhost:${this.port}/${database}?host=${encodeURIComponent(this.directory)}`;
  }

  /** Makes an empty database that the CA's user owns, and answers its URL. */
  create(database: string): string {
    // Where hyphens do not count, names sort otherwise than bytewise.
    const locale = `TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US-u-ka-shifted'`;
    this.sql('postgres', `CREATE DATABASE ${database} OWNER lifesign ${locale}`);
    return this.url(database);
  }

  /** Runs SQL as the superuser; what it prints, unaligned, without titles. */
  sql(database: string, text: string): string {
    const args = ['-h', this.directory, '-p', String(this.port), '-U', 'postgres', '-d', database];
    const options = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-'];
    return run([tool('psql'), ...args, ...options], { PGPASSWORD: DATABASE_PASSWORD }, text).trim();
  }

  /** What `pg_dump --schema=lifesign` writes of it. */
  dump(database: string): string {
    const args = ['-h', this.directory, '-p', String(this.port), '-U', 'postgres', '-d', database];
    return run([tool('pg_dump'), ...args, '--schema=lifesign'], { PGPASSWORD: DATABASE_PASSWORD });
  }

  /** Starts the server, as often as what is left of the one before is in the way, and waits until it answers. */
  async launch(): Promise<void> {
    const giveUpAt = performance.now() + START_TIMEOUT_MS;
    let said = '';
    for (;;) {
      if (this.#process === undefined || this.#process.exitCode !== null)
        this.#process = this.#spawn((text) => (said = (said + text).slice(-MAX_KEPT)));
      await delay(LOOK_EVERY_MS);
      if (this.#answers()) return;
      if (performance.now() > giveUpAt) throw new Error(`PostgreSQL does not start:\n${said}`);
    }
  }

  /** Ends the server and its children as a power cut would (SIGKILL), or with `fast` in order. */
  async stop(how: 'kill' | 'fast' = 'kill'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // Its children end by themselves once it is gone, and a new server waits for them.
    child.kill(how === 'kill' ? 'SIGKILL' : 'SIGINT');
    await ended;
  }

  /** Stops the server in the middle of what it does (SIGSTOP), or lets it go on. */
  freeze(frozen: boolean): void {
    const signal = frozen ? 'SIGSTOP' : 'SIGCONT';
    for (const pid of this.#family()) process.kill(pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('fast');
    rmSync(this.directory, { recursive: true, force: true });
  }

  #spawn(onText: (text: string) => void): ChildProcess {
    const [command, ...args] = [...AS_NOBODY, tool('postgres'), '-D', this.#data];
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onText);
    return child;
  }

  #initialise(): void {
    chownSync(this.directory, NOBODY, NOBODY);
    mkdirSync(this.#data, { recursive: true, mode: PRIVATE });
    chownSync(this.#data, NOBODY, NOBODY);
    const passwordFile = join(this.directory, 'password');
    writeFileSync(passwordFile, `${DATABASE_PASSWORD}\n`);
    chownSync(passwordFile, NOBODY, NOBODY);
    const options = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync'];
    const locale = ['--locale=C.UTF-8', '--encoding=UTF8', `--waldir=${join(this.directory, 'wal')}`];
    run([...AS_NOBODY, tool('initdb'), '-D', this.#data, ...options, ...locale]);
    const settings = [
      `port = ${this.port}`,
      `listen_addresses = '127.0.0.1'`,
      `unix_socket_directories = '${this.directory}'`,
      'max_connections = 40',
      'shared_buffers = 16MB',
      ...this.#settings,
    ];
    writeFileSync(join(this.#data, 'postgresql.conf'), `${settings.join('\n')}\n`);
  }

  /** Also makes the CA's user, the first time. */
  #answers(): boolean {
    try {
      const known = this.sql('postgres', `SELECT 1 FROM pg_roles WHERE rolname = 'lifesign'`);
      if (known === '1') return true;
      this.sql('postgres', `CREATE ROLE lifesign LOGIN PASSWORD '${DATABASE_PASSWORD}'`);
      return true;
    } catch {
      return false;
    }
  }

  #family(): readonly number[] {
    const pid = this.#process?.pid;
    if (pid === undefined) return [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return [
      pid,
      ...children
        .split(' ')
        .filter((text) => text !== '')
        .map(Number),
    ];
  }
}

/** Of the newest version that Debian's packages have installed. */
function tool(name: string): string {
  const version = (path: string): number => Number(path.split('/')[4]);
  const found = globSync(`/usr/lib/postgresql/*/bin/${name}`).sort((a, b) => version(b) - version(a));
  const [newest] = found;
  if (newest === undefined) throw new Error(`the Debian package postgresql, which has ${name}, is missing`);
  return newest;
}

function run(
  [command = '', ...args]: readonly string[],
  env: Record<string, string> = {},
  input = '',
): string {
  const ended = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT,
    input,
    cwd: '/',
    env: { ...process.env, ...env },
  });
  if (ended.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${ended.stderr}${ended.stdout}`);
  return ended.stdout;
}
