import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BenchMesh } from './support/mesh.ts';
import {
  dropNewConnections,
  hasPacketFilter,
  inOwnNetwork,
  type BenchNetwork,
} from './support/own-network.ts';
import { seenBy, untilMutuallyAlive, type Watched } from './support/peer-events.ts';
import { spreadOf } from './support/percentile.ts';
import { tell } from './support/record.ts';
import { SerfMesh, serfVersion, type SerfProfile } from './support/serf.ts';

/*
 * A member dies: from its end until the first, and until the last, of all others sees it as down; a heartbeat a second.
 * One victim after the other, each of them brought back and alive to everybody before the next. The ends:
 *   kill         SIGKILL. Its connections close and a new one is refused: the fast path.
 *   killDropped  SIGKILL behind a firewall that drops: new connections hear nothing, and silence has to tell.
 *   freeze       SIGSTOP. Its connections stay open.
 * The times are those of the members' own events, on the clock of the one machine. Beside it serf with an encryption
 * key: `lan` is what it does by default, `local` the fastest profile it has.
 *
 * Usage: node bench/detect.ts [--quick] [--record] [--members 10,30,60] [--victims N] [--serf-victims N]
 */

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    members: { type: 'string' },
    victims: { type: 'string' },
    'serf-victims': { type: 'string' },
  },
});

const MEMBERS = (options.members ?? (options.quick ? '10' : '10,30,60')).split(',').map(Number);
const VICTIMS = Number(options.victims ?? (options.quick ? 2 : 10));
const SERF_VICTIMS = Number(options['serf-victims'] ?? (options.quick ? 1 : 4));
const ALIVE_LIMIT_MS = 180_000;
const DOWN_LIMIT_MS = 60_000;
/** Until the windows of the detectors have something in them. */
const SETTLE_MS = options.quick ? 2_000 : 10_000;
const INTERVAL_MS = 1_000;

type End = 'kill' | 'killDropped' | 'freeze';

/** What both meshes can do. */
interface Mortal extends Watched {
  run(name: string): Promise<void>;
  signal(name: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
}

/** Milliseconds from the end of a victim. */
interface Death {
  readonly first: number;
  readonly all: number;
}

async function main(network: BenchNetwork): Promise<void> {
  const rounds = [];
  for (const members of MEMBERS) {
    const lifesign = await lifesignDeaths(members, network);
    rounds.push({ members, lifesign, serf: await serfDeaths(members) });
  }
  const result = {
    intervalMs: INTERVAL_MS,
    ownNetwork: network.isOwn,
    serfVersion: serfVersion(),
    budget: {
      kill: { p50: 600, p99: 1_500 },
      killDropped: { p99: 3_600 },
      freeze: { p50: 3_600 },
    },
    rounds,
  };
  tell('detect', result, options.record);
}

async function lifesignDeaths(members: number, network: BenchNetwork): Promise<object> {
  const mesh = await BenchMesh.create(members);
  try {
    const begin = Date.now();
    await mesh.runAll();
    await untilMutuallyAlive(mesh, mesh.names, ALIVE_LIMIT_MS);
    const aliveMs = Date.now() - begin;
    await delay(SETTLE_MS);
    const measuredFrom = Date.now();
    const victims = chosen(mesh.names, VICTIMS);
    const kill = await deaths(mesh, victims, 'kill', () => () => undefined);
    const killDropped = hasPacketFilter(network)
      ? await deaths(mesh, victims, 'killDropped', (name) => dropNewConnections(mesh.portOf(name)))
      : null;
    const freeze = await deaths(mesh, victims, 'freeze', () => () => undefined);
    const wrong = wrongDeaths(mesh, measuredFrom, victims);
    return { aliveMs, kill, killDropped, freeze, wrongDeaths: wrong, load: load() };
  } finally {
    await mesh.close();
  }
}

async function serfDeaths(members: number): Promise<object | null> {
  if (serfVersion() === null) return null;
  return { lan: await serfProfileDeaths(members, 'lan'), local: await serfProfileDeaths(members, 'local') };
}

async function serfProfileDeaths(members: number, profile: SerfProfile): Promise<object> {
  const mesh = new SerfMesh(members, profile);
  try {
    await mesh.runAll();
    await untilMutuallyAlive(mesh, mesh.names, ALIVE_LIMIT_MS);
    await delay(SETTLE_MS);
    const victims = chosen(mesh.names, SERF_VICTIMS);
    const kill = await deaths(mesh, victims, 'kill', () => () => undefined);
    const freeze = await deaths(mesh, victims, 'freeze', () => () => undefined);
    return { kill, freeze, load: load() };
  } finally {
    await mesh.close();
  }
}

async function deaths(
  mesh: Mortal,
  victims: readonly string[],
  end: End,
  prepare: (name: string) => () => void,
): Promise<object> {
  const measured: Death[] = [];
  for (const victim of victims) {
    const undo = prepare(victim);
    try {
      measured.push(await death(mesh, victim, end));
    } finally {
      undo();
    }
    if (end === 'freeze') mesh.signal(victim, 'SIGCONT');
    else await mesh.run(victim);
    await untilMutuallyAlive(mesh, mesh.names, ALIVE_LIMIT_MS);
    // So that they do not all end at the same point of somebody's interval.
    await delay(Math.random() * INTERVAL_MS);
  }
  const [first, all] = [measured.map((each) => each.first), measured.map((each) => each.all)];
  process.stderr.write(`${String(mesh.names.length)} members, ${end}: ${all.map(Math.round).join(' ')} ms\n`);
  return { first: spreadOf(first), all: spreadOf(all) };
}

async function death(mesh: Mortal, victim: string, end: End): Promise<Death> {
  const others = mesh.names.filter((name) => name !== victim);
  const at = Date.now();
  mesh.signal(victim, end === 'freeze' ? 'SIGSTOP' : 'SIGKILL');
  const times = await seenBy(mesh, others, victim, ['down'], at, DOWN_LIMIT_MS);
  return { first: Math.min(...times) - at, all: Math.max(...times) - at };
}

/** Others than the victims that anybody has seen as down; the victims were seen so by right, and are not counted. */
function wrongDeaths(mesh: Watched, since: number, victims: readonly string[]): number {
  const down = mesh.names
    .flatMap((name) => mesh.events(name).all)
    .filter(({ peer, to, at }) => to === 'down' && at >= since && !victims.includes(peer));
  return down.length;
}

/** Spread over all members but the first, which the others of serf join. */
function chosen(names: readonly string[], count: number): readonly string[] {
  const others = names.slice(1);
  const step = others.length / Math.min(count, others.length);
  return Array.from(
    { length: Math.min(count, others.length) },
    (_, at) => others[Math.floor(at * step)] ?? '',
  );
}

function load(): number {
  return Number((loadavg()[0] ?? 0).toFixed(1));
}

await inOwnNetwork(main);
