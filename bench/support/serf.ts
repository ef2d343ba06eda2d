import { spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { killed, start } from './children.ts';
import { memberNames } from './mesh.ts';
import { PeerEvents, type Watched } from './peer-events.ts';
import { parseSerfLine } from './serf-log.ts';

const PORTS = 18_000;
const RPC_PORTS = 18_500;
const START_LIMIT_MS = 10_000;

/** `lan` is the default; `local`, for members on one machine, has the shortest times that serf can be given. */
export type SerfProfile = 'lan' | 'local';

interface Agent {
  readonly child: ChildProcess;
  readonly events: PeerEvents;
}

/** Debian's `serf agent` with an encryption key, each a process of its own, on the loopback interface. */
export class SerfMesh implements Watched {
  readonly names: readonly string[];
  readonly #profile: SerfProfile;
  readonly #key = randomBytes(32).toString('base64');
  readonly #agents = new Map<string, Agent>();

  constructor(members: number, profile: SerfProfile) {
    this.names = memberNames(members);
    this.#profile = profile;
  }

  get pids(): readonly number[] {
    return [...this.#agents.values()].map(({ child }) => child.pid ?? 0);
  }

  events(name: string): PeerEvents {
    return this.#agent(name).events;
  }

  signal(name: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#agent(name).child.kill(signal);
  }

  /** What a member sees is read from its log, which costs less than a script for each event would. */
  async run(name: string): Promise<void> {
    const at = this.names.indexOf(name);
    const place = ['-bind', `127.0.0.1:${PORTS + at}`, '-rpc-addr', `127.0.0.1:${RPC_PORTS + at}`];
    const join = at === 0 ? [] : ['-retry-join', `127.0.0.1:${PORTS}`, '-retry-interval', '1s'];
    const rest = ['-encrypt', this.#key, '-profile', this.#profile, '-log-level', 'info'];
    // Killed with the thread that has started it, should this process be killed.
    const command = ['--pdeathsig', 'KILL', 'serf', 'agent', '-node', name, ...place, ...join, ...rest];
    const child = start('setpriv', command, ['ignore', 'pipe', 'inherit'], process.env);
    const events = new PeerEvents();
    this.#agents.set(name, { child, events });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`serf ${name} did not start`));
      }, START_LIMIT_MS);
      createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
        const event = parseSerfLine(line);
        if (event !== undefined) events.push({ ...event, at: Date.now() });
        if (!line.includes('agent: Serf agent starting')) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async runAll(): Promise<void> {
    for (const name of this.names) await this.run(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map(({ child }) => killed(child)));
    this.#agents.clear();
  }

  #agent(name: string): Agent {
    const agent = this.#agents.get(name);
    if (agent === undefined) throw new RangeError(`${name} does not run`);
    return agent;
  }
}

/** Of the Debian package: the program itself says another one. Null where it is not installed. */
export function serfVersion(): string | null {
  if (spawnSync('serf', ['version']).status !== 0) return null;
  const asked = spawnSync('dpkg-query', ['-W', '-f=${Version}', 'serf'], { encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout : 'unknown';
}
