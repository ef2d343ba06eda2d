import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RevocationJson } from '../../src/api/ca/index.ts';
import { administerCa } from '../../src/app/ca/admin.ts';
import { initCa } from '../../src/app/ca/init.ts';
import { enrollNode } from '../../src/app/enroll/index.ts';
import { readEvents } from '../../src/app/node/control.ts';
import { systemClock } from '../../src/io/system/index.ts';
import { ended, killed, removeAtExit, start } from './children.ts';
import { PeerEvents, type Watched } from './peer-events.ts';

/** Below the ports that the system gives to those who connect: else one of them might sit on the port of a dead node. */
const CA_PORT = 17_000;
const NODE_PORTS = 17_100;
const READY_LIMIT_MS = 120_000;
/** Started at the same time: no more than a small machine can start at once. */
const STARTED_AT_ONCE = 3;
const LAUNCHER = join(dirname(dirname(import.meta.dirname)), 'bin', 'lifesign');

interface RunningNode {
  readonly child: ChildProcess;
  readonly events: PeerEvents;
  readonly stop: AbortController;
}

/** `pki serve` and nodes with the default configuration, each a process of its own, on the loopback interface. */
export class BenchMesh implements Watched {
  /** Of those that are enrolled, in that order. */
  readonly names: string[];
  readonly #directory: string;
  readonly #nodes = new Map<string, RunningNode>();
  readonly #everEnrolled: string[] = [];
  #ca: ChildProcess | undefined;

  private constructor(directory: string, names: readonly string[]) {
    this.#directory = directory;
    this.names = [...names];
  }

  /** With all nodes enrolled; none runs yet. */
  static async create(members: number): Promise<BenchMesh> {
    const directory = await mkdtemp(join(tmpdir(), 'lifesign-bench-'));
    removeAtExit(directory);
    const mesh = new BenchMesh(directory, memberNames(members));
    await mesh.#startCa();
    for (const name of mesh.names) await mesh.#enroll(name);
    return mesh;
  }

  /** Ports are given in the order of enrollment, and never again. */
  portOf(name: string): number {
    return NODE_PORTS + this.#everEnrolled.indexOf(name);
  }

  get caPid(): number {
    return this.#ca?.pid ?? 0;
  }

  homeOf(name: string): string {
    return this.#home(name);
  }

  pidOf(name: string): number {
    return this.#node(name).child.pid ?? 0;
  }

  get pids(): readonly number[] {
    return [...this.#nodes.keys()].map((name) => this.pidOf(name));
  }

  events(name: string): PeerEvents {
    return this.#node(name).events;
  }

  signal(name: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#node(name).child.kill(signal);
  }

  /** `node run`; resolves when it says that it is ready. `watched`: its events are followed. */
  async run(name: string, watched = true): Promise<void> {
    const child = await this.#launch(name, ['--home', this.#home(name), 'node', 'run']);
    const [events, stop] = [new PeerEvents(), new AbortController()];
    this.#nodes.set(name, { child, events, stop });
    if (!watched) return;
    const taken = readEvents(this.#home(name), { follow: true, signal: stop.signal }, ({ peer, to, t }) => {
      events.push({ peer, to, at: Date.parse(t) });
    });
    // Ends with its process.
    taken.catch(() => undefined);
  }

  /** `atOnce` of them at a time. */
  async runAll(atOnce = STARTED_AT_ONCE): Promise<void> {
    const queue = [...this.names];
    const lane = async (): Promise<void> => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) await this.run(name);
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
  }

  /** Nobody listens to the events of the nodes any more, which costs them something. */
  unwatch(): void {
    for (const { stop } of this.#nodes.values()) stop.abort();
  }

  /** `pki revoke`, as the command asks for it. */
  async revoke(name: string): Promise<RevocationJson> {
    const body = { reason: 'keyCompromise' };
    const call = { method: 'POST', path: `/v1/nodes/${name}/revoke`, body } as const;
    return (await administerCa({ home: this.#caHome, call })) as RevocationJson;
  }

  /** One member more; it does not run yet. */
  async add(name: string): Promise<void> {
    await this.#enroll(name);
    this.names.push(name);
  }

  /** It is no member any more, in the eyes of this object. */
  forget(name: string): void {
    this.names.splice(this.names.indexOf(name), 1);
  }

  /** SIGTERM, and the end of the process. */
  async stop(name: string): Promise<void> {
    const { child, stop } = this.#node(name);
    stop.abort();
    await ended(child);
    this.#nodes.delete(name);
  }

  /** SIGKILL; it is not brought back. */
  async kill(name: string): Promise<void> {
    const { child, stop } = this.#node(name);
    stop.abort();
    await killed(child);
    this.#nodes.delete(name);
  }

  async killNodes(): Promise<void> {
    this.unwatch();
    await Promise.all([...this.#nodes.values()].map(({ child }) => killed(child)));
    this.#nodes.clear();
  }

  async close(): Promise<void> {
    await this.killNodes();
    if (this.#ca !== undefined) await killed(this.#ca);
  }

  get #caHome(): string {
    return join(this.#directory, 'ca');
  }

  #home(name: string): string {
    return join(this.#directory, 'n', name);
  }

  #node(name: string): RunningNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new RangeError(`${name} does not run`);
    return node;
  }

  async #startCa(): Promise<void> {
    const file = join(this.#directory, 'passphrase');
    await writeFile(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    await initCa({
      home: this.#caHome,
      trustDomain: 'bench.internal',
      urls: [`https://127.0.0.1:${CA_PORT}`],
      crlUrl: `http://127.0.0.1:${CA_PORT + 1}`,
      permitDns: [],
      passphrase: { file, env: {} },
      now: () => systemClock.now().wall,
    });
    const serve = ['pki', 'serve', '--crl-listen', `127.0.0.1:${CA_PORT + 1}`, '--passphrase-file', file];
    this.#ca = await this.#launch('ca', ['--home', this.#caHome, ...serve]);
  }

  async #enroll(name: string): Promise<void> {
    this.#everEnrolled.push(name);
    const call = { method: 'POST', path: '/v1/tokens', body: { name } } as const;
    const { token } = (await administerCa({ home: this.#caHome, call })) as { readonly token: string };
    await enrollNode({
      token,
      homeOf: () => this.#home(name),
      listen: `127.0.0.1:${this.portOf(name)}`,
      now: () => systemClock.now().wall,
      progress: () => undefined,
    });
  }

  /** The very process that serves, not one that watches over it, so that signals and counters are of the right one. */
  async #launch(name: string, args: readonly string[]): Promise<ChildProcess> {
    const file = join(this.#directory, `${name}.log`);
    const log = openSync(file, 'a', 0o600);
    const command = [LAUNCHER, ...args, '--ready-fd', '3'];
    // It follows this process when that is killed: see bin/relay.cjs.
    const env = { ...process.env, LIFESIGN_RELAYED: '1' };
    const child = start(process.execPath, command, ['ignore', log, log, 'pipe', 'ipc'], env);
    closeSync(log);
    const ready = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => {
        resolve(false);
      }, READY_LIMIT_MS);
      child.stdio[3]?.once('data', () => {
        clearTimeout(timer);
        resolve(true);
      });
      child.once('exit', () => {
        clearTimeout(timer);
        resolve(false);
      });
    });
    if (!ready) throw new Error(`lifesign ${args.join(' ')} did not start; see ${file}`);
    return child;
  }
}

export function memberNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `n${String(at).padStart(2, '0')}`);
}
