import { randomBytes } from 'node:crypto';
import { getCompileCacheDir } from 'node:module';
import { createServer } from 'node:net';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { RevocationJson } from '../../api/ca/index.ts';
import type { ExplanationJson, NodeStatusJson } from '../../api/node/index.ts';
import { writeFileDurably } from '../../io/files/index.ts';
import { systemClock } from '../../io/system/index.ts';
import { administerCa } from '../ca/admin.ts';
import type { AdminCall } from '../ca/control-client.ts';
import { initCa } from '../ca/init.ts';
import { enrollNode } from '../enroll/index.ts';
import { queryNode } from '../node/control.ts';
import { Daemon } from './daemon.ts';

export const DEMO_TRUST_DOMAIN = 'demo.internal';
/** Names of the demo's nodes; also the most it can have. */
export const DEMO_NAMES = [
  'alpha',
  'bravo',
  'charlie',
  'delta',
  'echo',
  'foxtrot',
  'golf',
  'hotel',
  'india',
] as const;

/** What the demo says while it works. */
export interface DemoVoice {
  /** A command as the user would type it. */
  command(line: string): void;
}

/** A CA and some nodes, each a process of its own, on the loopback interface. */
export class DemoCluster {
  readonly directory: string;
  readonly names: readonly string[];
  readonly #isTemporary: boolean;
  readonly #voice: DemoVoice;
  readonly #daemons = new Map<string, Daemon>();
  readonly #ports = new Map<string, number>();
  #ca: Daemon | undefined;

  private constructor(directory: string, isTemporary: boolean, names: readonly string[], voice: DemoVoice) {
    this.directory = directory;
    this.#isTemporary = isTemporary;
    this.names = names;
    this.#voice = voice;
  }

  /** In a new temporary directory that goes away with the demo, or in a given one that stays. */
  static async create(nodes: number, directory: string | undefined, voice: DemoVoice): Promise<DemoCluster> {
    const isTemporary = directory === undefined;
    const place = isTemporary ? await mkdtemp(join(tmpdir(), 'lifesign-demo-')) : resolve(directory);
    await mkdir(place, { recursive: true, mode: 0o700 });
    const cluster = new DemoCluster(place, isTemporary, DEMO_NAMES.slice(0, nodes), voice);
    const ports = await freePorts(nodes + 2);
    for (const [i, name] of ['ca', 'crl', ...cluster.names].entries())
      cluster.#ports.set(name, ports[i] ?? 0);
    return cluster;
  }

  get caHome(): string {
    return join(this.directory, 'ca', 'state');
  }

  home(name: string): string {
    return join(this.directory, 'certs', name);
  }

  logFile(name: string): string {
    return join(this.directory, `${name}.log`);
  }

  node(name: string): Daemon {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) throw new RangeError(`the demo has no node ${name}`);
    return daemon;
  }

  /** `pki init` and `pki serve`. */
  async startCa(): Promise<void> {
    const url = `https://127.0.0.1:${this.#port('ca')}`;
    const crlUrl = `http://127.0.0.1:${this.#port('crl')}`;
    const file = join(this.directory, 'ca-passphrase');
    await writeFileDurably(file, `${randomBytes(24).toString('base64url')}\n`);
    this.#say(
      this.caHome,
      `pki init --trust-domain ${DEMO_TRUST_DOMAIN} --url ${url} --passphrase-file ${file}`,
    );
    await initCa({
      home: this.caHome,
      trustDomain: DEMO_TRUST_DOMAIN,
      urls: [url],
      crlUrl,
      permitDns: [],
      passphrase: { file, env: {} },
      now: () => systemClock.now().wall,
    });
    const serve = [
      'pki',
      'serve',
      '--crl-listen',
      `127.0.0.1:${this.#port('crl')}`,
      '--passphrase-file',
      file,
    ];
    this.#say(this.caHome, `${serve.join(' ')} &`);
    this.#ca = await Daemon.start(['--home', this.caHome, ...serve], this.logFile('ca'), this.#environment());
  }

  /** `pki token create` and `node enroll`. */
  async enroll(name: string): Promise<void> {
    this.#say(this.caHome, `pki token create ${name}`);
    const { token } = (await this.pki({ method: 'POST', path: '/v1/tokens', body: { name } })) as {
      readonly token: string;
    };
    const listen = `127.0.0.1:${this.#port(name)}`;
    this.#say(this.home(name), `node enroll ${token.slice(0, 12)}… --listen ${listen}`);
    await enrollNode({
      token,
      homeOf: () => this.home(name),
      listen,
      now: () => systemClock.now().wall,
      progress: () => undefined,
    });
  }

  /** `node run`. */
  async run(name: string): Promise<void> {
    this.#say(this.home(name), 'node run &');
    const args = ['--home', this.home(name), 'node', 'run'];
    this.#daemons.set(name, await Daemon.start(args, this.logFile(name), this.#environment()));
  }

  /** One call of the CA's administration, as the `pki` commands make it. */
  async pki(call: AdminCall): Promise<unknown> {
    return administerCa({ home: this.caHome, call });
  }

  async revoke(name: string): Promise<RevocationJson> {
    this.#say(this.caHome, `pki revoke ${name} --reason keyCompromise`);
    const body = { reason: 'keyCompromise' };
    return (await this.pki({ method: 'POST', path: `/v1/nodes/${name}/revoke`, body })) as RevocationJson;
  }

  /** What `observer` sees; undefined while it does not answer. */
  async status(observer: string): Promise<NodeStatusJson | undefined> {
    const call = { method: 'GET', path: '/v1/status' } as const;
    return queryNode(this.home(observer), call).then(
      (status) => status as NodeStatusJson,
      () => undefined,
    );
  }

  async explain(observer: string, name: string): Promise<ExplanationJson> {
    const call = { method: 'GET', path: `/v1/explain/${name}` } as const;
    return (await queryNode(this.home(observer), call)) as ExplanationJson;
  }

  /** Stops all nodes, each with a leave. */
  async stopNodes(): Promise<void> {
    await Promise.all([...this.#daemons.values()].map((daemon) => daemon.stop()));
  }

  /** Ends every process and removes what was temporary. */
  async close(): Promise<void> {
    await this.stopNodes();
    await this.#ca?.stop();
    if (this.#isTemporary) await rm(this.directory, { recursive: true, force: true });
  }

  #port(name: string): number {
    return this.#ports.get(name) ?? 0;
  }

  #say(home: string, rest: string): void {
    this.#voice.command(`lifesign --home ${home} ${rest}`);
  }

  #environment(): Readonly<Record<string, string>> {
    const isKept = getCompileCacheDir() !== undefined;
    // Where the launcher keeps compiled code already, the daemons' launchers find it there as well.
    const cache = isKept ? {} : { NODE_COMPILE_CACHE: join(this.directory, 'compile-cache') };
    return { ...cache, LIFESIGN_LOG: 'debug' };
  }
}

/** Ports that nobody listens on now; all are held until all are found, so that they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
