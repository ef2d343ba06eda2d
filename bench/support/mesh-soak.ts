import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { queryNode } from '../../src/app/node/control.ts';
import { SeededRandom } from '../../src/sim/random.ts';
import { BenchMesh } from './mesh.ts';
import { untilMutuallyAlive } from './peer-events.ts';
import { percentile } from './percentile.ts';

/** Of them so many are never touched: what their processes hold is watched from the beginning to the end. */
const UNTOUCHED_SHARE = 0.4;
const SAMPLE_EVERY_MS = 10_000;
const REST_MS = 5_000;
const ALIVE_LIMIT_MS = 120_000;
/** What the heap, the compiler and the ledger's index may still gain between the middle and the last third. */
const MEMORY_GROWTH = { share: 0.08, mebibytes: 6 };
/** Sockets that are just opening or closing when somebody looks. */
const DESCRIPTORS_GROWTH = 12;
const KIB_PER_MIB = 1_024;

interface Sample {
  readonly ownMiB: number;
  readonly rssMiB: number;
  readonly descriptors: number;
  readonly threads: number;
}

type Trouble = 'kill' | 'restart' | 'freeze' | 'renew' | 'replace';
const TROUBLES: readonly Trouble[] = ['kill', 'restart', 'freeze', 'renew', 'replace'];

/**
 * A real CA and real nodes, one of which at a time is killed, restarted, frozen, renewed, or revoked and replaced, for
 * so many minutes. Throws when a process that ran throughout holds more memory or descriptors at its end than in its
 * middle, or when anybody calls a member down that nobody touched.
 */
export async function soakMesh(minutes: number, seed: number, members = 20): Promise<object> {
  const random = new SeededRandom(seed);
  const mesh = await BenchMesh.create(members);
  const steady = mesh.names.slice(0, Math.ceil(members * UNTOUCHED_SHARE));
  const watch = new Watch();
  try {
    await mesh.runAll();
    await untilMutuallyAlive(mesh, mesh.names, ALIVE_LIMIT_MS);
    const from = Date.now();
    const watched = new Map([...steady.map((name) => [name, mesh.pidOf(name)] as const), ['ca', mesh.caPid]]);
    const sampling = watch.follow(watched);
    const counts = new Map<Trouble, number>();
    while (Date.now() - from < minutes * 60_000) {
      const trouble = random.pick(TROUBLES);
      const name = random.pick(mesh.names.slice(steady.length));
      process.stdout.write(`${trouble} ${name}\n`);
      await strike(mesh, trouble, name, random);
      counts.set(trouble, (counts.get(trouble) ?? 0) + 1);
      await untilMutuallyAlive(mesh, mesh.names, ALIVE_LIMIT_MS);
      await delay(REST_MS);
    }
    watch.stop();
    await sampling;
    const wrongDeaths = mesh.names
      .flatMap((name) => mesh.events(name).all.map((event) => ({ ...event, by: name })))
      .filter(({ peer, to, at }) => to === 'down' && at >= from && steady.includes(peer));
    if (wrongDeaths.length > 0)
      throw new Error(`called down and never touched: ${JSON.stringify(wrongDeaths)}`);
    return {
      members,
      untouched: steady.length,
      troubles: Object.fromEntries(counts),
      wrongDeaths: 0,
      ...watch.result(),
    };
  } finally {
    watch.stop();
    await mesh.close();
  }
}

async function strike(mesh: BenchMesh, trouble: Trouble, name: string, random: SeededRandom): Promise<void> {
  switch (trouble) {
    case 'kill':
      await mesh.kill(name);
      await delay(random.between(0, 8_000));
      await mesh.run(name);
      return;
    case 'restart':
      await mesh.stop(name);
      await mesh.run(name);
      return;
    case 'freeze':
      mesh.signal(name, 'SIGSTOP');
      await delay(random.between(2_000, 12_000));
      mesh.signal(name, 'SIGCONT');
      return;
    case 'renew':
      await queryNode(mesh.homeOf(name), { method: 'POST', path: '/v1/renew' });
      return;
    case 'replace':
      await mesh.revoke(name);
      await mesh.kill(name);
      mesh.forget(name);
      await replace(mesh, name);
  }
}

/** Under a name that was never used: a revoked one is gone for good. */
async function replace(mesh: BenchMesh, name: string): Promise<void> {
  const [base = name, generation = '0'] = name.split('-');
  const next = `${base}-${String(Number(generation) + 1)}`;
  await mesh.add(next);
  await mesh.run(next);
}

/** Samples processes until it is stopped. */
class Watch {
  readonly #samples = new Map<string, Sample[]>();
  readonly #ending = new AbortController();

  async follow(pids: ReadonlyMap<string, number>): Promise<void> {
    while (!this.#ending.signal.aborted) {
      for (const [name, pid] of pids) {
        const before = this.#samples.get(name) ?? [];
        this.#samples.set(name, [...before, await sampleOf(pid)]);
      }
      await delay(SAMPLE_EVERY_MS, undefined, { signal: this.#ending.signal }).catch(() => undefined);
    }
  }

  stop(): void {
    this.#ending.abort();
  }

  /** Throws when something grew. */
  result(): object {
    const processes = [...this.#samples].map(([name, samples]) => ({ name, ...thirdsOf(samples) }));
    const grown = processes.filter(({ ownMiB, descriptors }) => {
      const allowed = ownMiB.middle * MEMORY_GROWTH.share + MEMORY_GROWTH.mebibytes;
      return (
        ownMiB.last - ownMiB.middle > allowed || descriptors.last - descriptors.middle > DESCRIPTORS_GROWTH
      );
    });
    if (grown.length > 0)
      throw new Error(`grown between the middle and the last third: ${JSON.stringify(grown)}`);
    return {
      samples: this.#samples.get('ca')?.length,
      allowed: { ...MEMORY_GROWTH, descriptors: DESCRIPTORS_GROWTH },
      processes,
    };
  }
}

type Thirds = Readonly<Record<'first' | 'middle' | 'last', number>>;

/** The median of each third. */
function thirdsOf(samples: readonly Sample[]): Readonly<Record<keyof Sample, Thirds>> {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const of = (field: keyof Sample): Thirds => {
    const median = (from: number): number =>
      percentile(
        samples.slice(from, from + third).map((sample) => sample[field]),
        50,
      );
    return { first: median(0), middle: median(third), last: median(samples.length - third) };
  };
  return {
    ownMiB: of('ownMiB'),
    rssMiB: of('rssMiB'),
    descriptors: of('descriptors'),
    threads: of('threads'),
  };
}

/** Source: proc_pid_status(5). */
async function sampleOf(pid: number): Promise<Sample> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'latin1');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const mebibytes = (name: string): number => Math.round((field(name) / KIB_PER_MIB) * 10) / 10;
  return {
    ownMiB: mebibytes('RssAnon'),
    rssMiB: mebibytes('VmRSS'),
    descriptors: (await readdir(`/proc/${String(pid)}/fd`)).length,
    threads: field('Threads'),
  };
}
