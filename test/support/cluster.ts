import { createServer } from 'node:net';
import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lifesign, startLifesign, type Ending, type RunningProgram } from './process.ts';
import { getJson } from './socket-json.ts';

/*
 * A CA and nodes as real processes of the program under test, driven by its command line alone, so that the same
 * test runs from the checkout and from the packed program.
 */

export const TRUST_DOMAIN = 'test.internal';
const LOOK_EVERY_MS = 20;
/** Several programs that start at once on a busy machine take their time. */
const START_TIMEOUT_MS = 60_000;

export interface Peer {
  readonly name: string;
  readonly nodeId: string;
  readonly alive: boolean;
  readonly state: string;
  readonly reason: string;
  readonly serial: string | null;
  readonly epoch: number;
  readonly seq: number;
  readonly flags: readonly string[];
}

export interface Status {
  readonly self: string;
  readonly nodeId: string;
  readonly state: string;
  readonly flags: readonly string[];
  readonly epoch: number;
  readonly quorate: boolean;
  readonly ledgerHealthy: boolean;
  readonly peers: readonly Peer[];
}

/** One cluster below `directory`. Dispose of it (`await using`): every process it started ends with it. */
export class TestCluster {
  readonly directory: string;
  readonly passphraseFile: string;
  caPort = 0;
  crlPort = 0;
  readonly ports = new Map<string, number>();
  ca: RunningProgram | undefined;
  readonly nodes = new Map<string, RunningProgram>();
  readonly #sockets = new Map<string, string>();
  /** Added to `pki init`. */
  readonly initOptions: string[] = [];
  /** Added to the environment of every process. */
  readonly env: Record<string, string> = {};

  constructor(directory: string) {
    this.directory = directory;
    this.passphraseFile = join(directory, 'passphrase');
    writeFileSync(this.passphraseFile, 'correct horse battery staple\n', { mode: 0o600 });
  }

  get caHome(): string {
    return join(this.directory, 'ca');
  }

  get caUrl(): string {
    return `https://127.0.0.1:${this.caPort}`;
  }

  home(name: string): string {
    return join(this.directory, 'certs', name);
  }

  address(name: string): string {
    return `127.0.0.1:${this.ports.get(name) ?? 0}`;
  }

  /** Makes the CA, enrolls and starts the nodes, and waits until all count each other alive. */
  async up(names: readonly string[]): Promise<void> {
    await this.initCa();
    await this.serve();
    for (const name of names) await this.enroll(name);
    for (const name of names) await this.run(name);
    await this.until(names, names, (peer) => peer?.state === 'alive');
  }

  async initCa(): Promise<Ending> {
    [this.caPort = 0, this.crlPort = 0] = await freePorts(2);
    const crlUrl = `http://127.0.0.1:${this.crlPort}`;
    const init = ['pki', 'init', '--trust-domain', TRUST_DOMAIN, '--url', this.caUrl, '--crl-url', crlUrl];
    init.push(...this.initOptions);
    return this.good(['--home', this.caHome, ...init, '--passphrase-file', this.passphraseFile]);
  }

  async serve(): Promise<RunningProgram> {
    const serve = ['pki', 'serve', '--crl-listen', `127.0.0.1:${this.crlPort}`];
    const args = ['--home', this.caHome, '--json', ...serve, '--passphrase-file', this.passphraseFile];
    this.ca = startLifesign(args, { timeoutMs: 600_000, env: this.env });
    await this.ca.line(/"listening"/, START_TIMEOUT_MS);
    return this.ca;
  }

  async token(name: string, ...options: readonly string[]): Promise<string> {
    const made = await this.pki('token', 'create', name, ...options);
    return (JSON.parse(made.stdout) as { token: string }).token;
  }

  /** `grant` is added to `token create`. */
  async enroll(name: string, grant: readonly string[] = []): Promise<Ending> {
    const token = await this.token(name, ...grant);
    const [port = 0] = await freePorts(1);
    this.ports.set(name, port);
    const enroll = ['node', 'enroll', token, '--listen', this.address(name)];
    return this.good(['--home', this.home(name), '--json', ...enroll]);
  }

  /** Starts a node and waits until it listens; `env` is added for this process alone. */
  async run(name: string, env: Readonly<Record<string, string>> = {}): Promise<RunningProgram> {
    const args = ['--home', this.home(name), '--json', 'node', 'run'];
    const node = startLifesign(args, {
      timeoutMs: 600_000,
      env: { LIFESIGN_LOG: 'debug', ...this.env, ...env },
    });
    this.nodes.set(name, node);
    const [line] = await node.line(/^.*"listening".*$/, START_TIMEOUT_MS);
    this.#sockets.set(name, (JSON.parse(line) as { controlSocket: string }).controlSocket);
    return node;
  }

  /** Starts a node of a home that is not its name's; whoever asks disposes of it. */
  start(home: string): RunningProgram {
    return startLifesign(['--home', home, '--json', 'node', 'run'], { timeoutMs: 600_000, env: this.env });
  }

  /** Rewrites a node's node.yaml; it counts from the next start. */
  async configure(name: string, change: (yaml: string) => string): Promise<void> {
    const path = join(this.home(name), 'node.yaml');
    await writeFile(path, change(await readFile(path, 'utf8')));
  }

  node(name: string): RunningProgram {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`${name} was never started`);
    return node;
  }

  /** A `pki` command that must succeed. */
  async pki(...args: readonly string[]): Promise<Ending> {
    return this.good(['--home', this.caHome, '--json', 'pki', ...args]);
  }

  /** A `pki` command, however it ends. */
  async askCa(...args: readonly string[]): Promise<Ending> {
    return lifesign(['--home', this.caHome, '--json', 'pki', ...args], { env: this.env });
  }

  /** A command about a running node: `mesh status`, `node leave` and the like, however it ends. */
  async ask(name: string, ...args: readonly string[]): Promise<Ending> {
    return lifesign(['--home', this.home(name), '--json', ...args], { env: this.env });
  }

  /** What `mesh status --all` shows, from where it gets it, so that looking often costs little. */
  async status(name: string): Promise<Status | undefined> {
    return (await getJson(this.#sockets.get(name) ?? '', '/v1/status')) as Status | undefined;
  }

  async peer(observer: string, subject: string): Promise<Peer | undefined> {
    return (await this.status(observer))?.peers.find((peer) => peer.name === subject);
  }

  /** Waits until all `observers` see all other `subjects` as expected; answers the milliseconds it took. */
  async until(
    observers: readonly string[],
    subjects: readonly string[],
    expected: (peer: Peer | undefined) => boolean,
    limitMs = 30_000,
  ): Promise<number> {
    const start = performance.now();
    for (;;) {
      const seen = await Promise.all(observers.map((observer) => this.status(observer)));
      const open = seen.flatMap((status, i) =>
        subjects
          .filter((subject) => subject !== observers[i])
          .map((subject) => ({ subject, peer: status?.peers.find((peer) => peer.name === subject) }))
          .filter(({ peer }) => !expected(peer))
          .map(({ subject, peer }) => `${observers[i] ?? ''} sees ${subject} as ${JSON.stringify(peer)}`),
      );
      const tookMs = performance.now() - start;
      if (open.length === 0) return tookMs;
      if (tookMs > limitMs) throw new Error(`after ${limitMs} ms: ${open.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node[Symbol.asyncDispose]()));
    await this.ca?.[Symbol.asyncDispose]();
  }

  /** Runs the program and fails the test unless it exits 0. */
  async good(args: readonly string[]): Promise<Ending> {
    const ended = await lifesign(args, { env: this.env });
    if (ended.code !== 0) throw new Error(`lifesign ${args.join(' ')} exits ${ended.code}: ${ended.stderr}`);
    return ended;
  }
}

/** Ports of the loopback interface that are free now, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
