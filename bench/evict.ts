import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bareHandshakeMicroseconds } from './support/bare-handshake.ts';
import { BenchMesh } from './support/mesh.ts';
import { inOwnNetwork, type BenchNetwork } from './support/own-network.ts';
import { seenBy, untilMutuallyAlive } from './support/peer-events.ts';
import { spreadOf } from './support/percentile.ts';
import { cpuSeconds } from './support/process-cost.ts';
import { tell } from './support/record.ts';
import { SerfMesh, serfVersion } from './support/serf.ts';

/*
 * Two things that strike a whole mesh at once.
 *   storm   All members were killed and are started again at the same moment: until everyone is alive to everyone, and
 *           the processor time of that. Beside it serf, and what so many bare TLS handshakes cost.
 *   evict   `pki revoke` of one member after the other: from its return with `spread: mesh` until no other member counts
 *           the revoked one alive. Less than 0: that was so before it returned. serf has nothing like it: whoever holds
 *           its one key is a member.
 *
 * Usage: node bench/evict.ts [--quick] [--record] [--members N] [--victims N]
 */

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    members: { type: 'string' },
    victims: { type: 'string' },
  },
});

const MEMBERS = Number(options.members ?? (options.quick ? 8 : 50));
const VICTIMS = Number(options.victims ?? (options.quick ? 2 : 12));
const ALIVE_LIMIT_MS = 240_000;
const REVOKED_LIMIT_MS = 60_000;
const SETTLE_MS = options.quick ? 2_000 : 10_000;
const INTERVAL_MS = 1_000;

async function main(network: BenchNetwork): Promise<void> {
  const lifesign = await lifesignStrikes();
  const handshakeMicroseconds = await bareHandshakeMicroseconds();
  const pairs = (MEMBERS * (MEMBERS - 1)) / 2;
  const bare = { handshakeMicroseconds, pairs, cpuSeconds: rounded((handshakeMicroseconds * pairs) / 1e6) };
  const result = {
    members: MEMBERS,
    ownNetwork: network.isOwn,
    budget: { evictP99Ms: 1_000 },
    ...lifesign,
    bareHandshakes: bare,
    serf: await serfStorm(),
  };
  tell('evict', result, options.record);
}

async function lifesignStrikes(): Promise<object> {
  const mesh = await BenchMesh.create(MEMBERS);
  try {
    // Once before: members are made active by their first start, and that is not part of the storm.
    await mesh.runAll();
    await untilMutuallyAlive(mesh, mesh.names, ALIVE_LIMIT_MS);
    await delay(SETTLE_MS);
    await mesh.killNodes();
    const storm = await lifesignStorm(mesh);
    await delay(SETTLE_MS);
    return { storm, evict: await evictions(mesh) };
  } finally {
    await mesh.close();
  }
}

async function lifesignStorm(mesh: BenchMesh): Promise<object> {
  const begin = Date.now();
  await mesh.runAll(MEMBERS);
  const [readyMs, readyCpu] = [Date.now() - begin, await cpuSeconds(mesh.pids)];
  await untilMutuallyAlive(mesh, mesh.names, ALIVE_LIMIT_MS);
  const aliveMs = Date.now() - begin;
  const cpu = await cpuSeconds(mesh.pids);
  return { readyMs, aliveMs, readyCpuSeconds: rounded(readyCpu), cpuSeconds: rounded(cpu), load: load() };
}

interface Eviction {
  readonly spread: string;
  readonly revokeMs: number;
  /** Of each other member, from the moment at which `revoke` returned. */
  readonly afterReturnMs: readonly number[];
}

async function evictions(mesh: BenchMesh): Promise<object> {
  const measured: Eviction[] = [];
  let rest = mesh.names;
  for (const victim of mesh.names.slice(-VICTIMS)) {
    rest = rest.filter((name) => name !== victim);
    measured.push(await eviction(mesh, victim, rest));
    await mesh.kill(victim);
    await untilMutuallyAlive(mesh, rest, ALIVE_LIMIT_MS);
    await delay(Math.random() * INTERVAL_MS);
  }
  const slowest = measured.map(({ afterReturnMs }) => Math.max(...afterReturnMs));
  process.stderr.write(`revoke to the last member: ${slowest.join(' ')} ms\n`);
  return {
    spreads: [...new Set(measured.map(({ spread }) => spread))],
    revokeMs: spreadOf(measured.map(({ revokeMs }) => revokeMs)),
    lastMemberMs: spreadOf(slowest),
    eachMemberMs: spreadOf(measured.flatMap(({ afterReturnMs }) => afterReturnMs)),
    load: load(),
  };
}

async function eviction(mesh: BenchMesh, victim: string, others: readonly string[]): Promise<Eviction> {
  const begin = Date.now();
  const { spread } = await mesh.revoke(victim);
  const returned = Date.now();
  const times = await seenBy(mesh, others, victim, ['revoked'], begin, REVOKED_LIMIT_MS);
  return { spread, revokeMs: returned - begin, afterReturnMs: times.map((time) => time - returned) };
}

async function serfStorm(): Promise<object | null> {
  const version = serfVersion();
  if (version === null) return null;
  const mesh = new SerfMesh(MEMBERS, 'lan');
  try {
    const begin = Date.now();
    await Promise.all(mesh.names.map((name) => mesh.run(name)));
    const readyMs = Date.now() - begin;
    await untilMutuallyAlive(mesh, mesh.names, ALIVE_LIMIT_MS);
    const aliveMs = Date.now() - begin;
    return { version, readyMs, aliveMs, cpuSeconds: rounded(await cpuSeconds(mesh.pids)) };
  } finally {
    await mesh.close();
  }
}

function load(): number {
  return Number((loadavg()[0] ?? 0).toFixed(1));
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}

await inOwnNetwork(main);
