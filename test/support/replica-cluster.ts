import { cpSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { freePorts, TestCluster, TRUST_DOMAIN } from './cluster.ts';
import { lifesign, startLifesign, type Ending, type RunningProgram } from './process.ts';

const START_TIMEOUT_MS = 60_000;
/** What belongs to one process, not to the CA. */
const NOT_COPIED = ['lock', 'lock.pid', 'lock-journal', 'control.sock', 'control.path'];

export function copyCaHome(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (path) => !NOT_COPIED.includes(basename(path)) });
}

/** A cluster whose CA is several `pki serve` over one PostgreSQL database, each with a copy of the home. */
export class ReplicaCluster extends TestCluster {
  readonly #count: number;
  readonly #store: string;
  #ports: readonly number[] = [];
  readonly #running = new Map<number, RunningProgram>();

  constructor(directory: string, count: number, store: string) {
    super(directory);
    this.#count = count;
    this.#store = store;
  }

  replicaHome(replica: number): string {
    return replica === 0 ? this.caHome : join(this.directory, `ca-${replica}`);
  }

  port(replica: number): number {
    return this.#ports[replica] ?? 0;
  }

  crlPortOf(replica: number): number {
    return this.#ports[this.#count + replica] ?? 0;
  }

  /** Replicas that serve. */
  get alive(): readonly number[] {
    return [...this.#running.keys()].sort();
  }

  override async initCa(): Promise<Ending> {
    this.#ports = await freePorts(2 * this.#count);
    const urls = this.#ports.slice(0, this.#count).flatMap((port) => ['--url', `https://127.0.0.1:${port}`]);
    const crl = ['--crl-url', `http://127.0.0.1:${this.crlPortOf(0)}`];
    const init = ['pki', 'init', '--trust-domain', TRUST_DOMAIN, ...urls, ...crl, '--store', this.#store];
    init.push(...this.initOptions);
    const made = await this.good(['--home', this.caHome, ...init, '--passphrase-file', this.passphraseFile]);
    for (let replica = 1; replica < this.#count; replica++) {
      copyCaHome(this.caHome, this.replicaHome(replica));
    }
    return made;
  }

  /** Starts all of them. */
  override async serve(): Promise<RunningProgram> {
    const all = await Promise.all(
      Array.from({ length: this.#count }, (_, replica) => this.serveOne(replica)),
    );
    return all[0] ?? Promise.reject(new Error('no replicas'));
  }

  async serveOne(replica: number): Promise<RunningProgram> {
    const listen = ['--listen', `127.0.0.1:${this.port(replica)}`];
    const serve = ['pki', 'serve', ...listen, '--crl-listen', `127.0.0.1:${this.crlPortOf(replica)}`];
    const args = ['--home', this.replicaHome(replica), '--json', ...serve];
    const env = { ...this.env, LIFESIGN_PASSPHRASE: readFileSync(this.passphraseFile, 'utf8').trim() };
    const program = startLifesign(args, { timeoutMs: 900_000, env });
    await program.line(/"listening"/, START_TIMEOUT_MS);
    this.#running.set(replica, program);
    return program;
  }

  replica(replica: number): RunningProgram {
    const program = this.#running.get(replica);
    if (program === undefined) throw new Error(`replica ${replica} does not serve`);
    return program;
  }

  /** kill -9, from now on not among those that serve. */
  async kill(replica: number): Promise<void> {
    const program = this.replica(replica);
    this.#running.delete(replica);
    await program.kill('SIGKILL');
  }

  /** A `pki` command to one replica, however it ends. */
  askReplica(replica: number, ...args: readonly string[]): Promise<Ending> {
    return lifesign(['--home', this.replicaHome(replica), '--json', 'pki', ...args], { env: this.env });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await Promise.all([...this.#running.values()].map((program) => program[Symbol.asyncDispose]()));
  }
}
