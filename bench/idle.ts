import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { killed, start } from './support/children.ts';
import { cpuMicroseconds } from './support/load.ts';
import { BenchMesh } from './support/mesh.ts';
import { inOwnNetwork, loopbackBytes, type BenchNetwork } from './support/own-network.ts';
import { untilMutuallyAlive } from './support/peer-events.ts';
import { spreadOf } from './support/percentile.ts';
import { memoryOf } from './support/process-cost.ts';
import { tell } from './support/record.ts';
import { SerfMesh, serfVersion, type SerfProfile } from './support/serf.ts';

/*
 * What a member costs that has nothing to do but to be alive: share of a core, memory, bytes out. Of lifesign with its
 * default configuration (a heartbeat a second, signed, and durable in a ledger) and of serf with an encryption key
 * (no signatures, no ledger), one after the other; and the memory of a Node.js that does nothing.
 *
 * Bytes are counted on a loopback interface that nobody else uses, with their headers, and shared among the members:
 * what one sends another receives. Those of the CA's feed are among them.
 *
 * Usage: node bench/idle.ts [--quick] [--record] [--members N]
 */

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    members: { type: 'string', default: '10' },
  },
});

const MEMBERS = Number(options.members);
const SETTLE_MS = options.quick ? 3_000 : 20_000;
const MEASURE_MS = options.quick ? 8_000 : 60_000;
const ALIVE_LIMIT_MS = 120_000;

async function main(network: BenchNetwork): Promise<void> {
  const version = serfVersion();
  const lifesign = await lifesignIdle(network);
  const serf =
    version === null
      ? null
      : { version, lan: await serfIdle('lan', network), local: await serfIdle('local', network) };
  const result = {
    members: MEMBERS,
    seconds: MEASURE_MS / 1_000,
    ownNetwork: network.isOwn,
    budget: { corePercent: 0.5, rssMiB: 90, bytesPerSecond: 6_000 },
    lifesign,
    serf,
    bareNode: await bareNode(),
  };
  tell('idle', result, options.record);
}

async function lifesignIdle(network: BenchNetwork): Promise<object> {
  const mesh = await BenchMesh.create(MEMBERS);
  try {
    await mesh.runAll();
    await untilMutuallyAlive(mesh, mesh.names, ALIVE_LIMIT_MS);
    mesh.unwatch();
    return await idleCost(mesh.pids, network);
  } finally {
    await mesh.close();
  }
}

async function serfIdle(profile: SerfProfile, network: BenchNetwork): Promise<object> {
  const mesh = new SerfMesh(MEMBERS, profile);
  try {
    await mesh.runAll();
    await untilMutuallyAlive(mesh, mesh.names, ALIVE_LIMIT_MS);
    return await idleCost(mesh.pids, network);
  } finally {
    await mesh.close();
  }
}

async function idleCost(pids: readonly number[], { isOwn }: BenchNetwork): Promise<object> {
  await delay(SETTLE_MS);
  const [begin, cpuBefore, bytesBefore] = [performance.now(), await cpuOf(pids), loopbackBytes()];
  await delay(MEASURE_MS);
  const [bytes, cpu] = [loopbackBytes() - bytesBefore, await cpuOf(pids)];
  const seconds = (performance.now() - begin) / 1_000;
  const memory = await Promise.all(pids.map((pid) => memoryOf(pid)));
  return {
    corePercent: spreadOf(cpu.map((after, at) => (after - (cpuBefore[at] ?? 0)) / 1e4 / seconds)),
    rssMiB: spreadOf(memory.map(({ rss }) => rss)),
    pssMiB: spreadOf(memory.map(({ pss }) => pss)),
    ownMiB: spreadOf(memory.map(({ own }) => own)),
    bytesPerSecond: isOwn ? Math.round(bytes / seconds / pids.length) : null,
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}

function cpuOf(pids: readonly number[]): Promise<readonly number[]> {
  return Promise.all(pids.map((pid) => cpuMicroseconds(pid)));
}

async function bareNode(): Promise<object> {
  const child = start(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], 'ignore', process.env);
  await delay(2_000);
  const { rss, own } = await memoryOf(child.pid ?? 0);
  await killed(child);
  return { rssMiB: Number(rss.toFixed(1)), ownMiB: Number(own.toFixed(1)) };
}

await inOwnNetwork(main);
