/**
 * `npm run soak [-- NAME [--minutes N | --count N] [--seed N] [--record]]`: runs one of the long tests that are too long
 * for CI (without NAME the list of them). With --record the result becomes bench/results/soak-NAME.json, with the
 * commit and the machine it was made on (-SEED added for seeds that do not begin at 0). A finding of `schedules` or
 * `sim` comes again with --seed N --count 1.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { soakMesh } from '../bench/support/mesh-soak.ts';
import { inOwnNetwork } from '../bench/support/own-network.ts';
import { commit, machine } from '../bench/support/provenance.ts';
import { AUDITED_EACH_STEP, tryMany } from '../test/support/ca-model/run.ts';
import { Tally } from '../test/support/ca-model/tally.ts';
import { fuzzTargets } from '../test/support/fuzz/index.ts';
import { fuzz, MAX_INPUT_MS, MAX_MEMORY_MIB } from '../test/support/fuzz/run.ts';
import { runSeed, WHOLE } from '../test/support/sim-seeds.ts';
import { projectRoot } from './project.ts';

interface Soak {
  readonly about: string;
  /** How much of it is run, and what that is counted in. */
  readonly unit: 'minutes' | 'count';
  readonly usual: number;
  readonly seed: () => number;
  /** Throws at the first finding. */
  readonly run: (amount: number, seed: number) => object | Promise<object>;
}

const PROGRESS_EVERY = 500;

const SOAKS: ReadonlyMap<string, Soak> = new Map<string, Soak>([
  [
    'decoders',
    {
      about: 'mutation fuzz of every decoder of what strangers send',
      unit: 'minutes',
      usual: 10,
      seed: () => Math.floor(Date.now() / 1000) % 2 ** 31,
      run: (minutes, seed) => ({
        limits: { msPerInput: MAX_INPUT_MS, memoryMiB: MAX_MEMORY_MIB },
        findings: 0,
        ...fuzz(fuzzTargets, minutes * 60_000, seed),
      }),
    },
  ],
  [
    'schedules',
    {
      about: 'random lives of a CA of two replicas, with deaths, backups and restores, against a model',
      unit: 'count',
      usual: 10_000,
      seed: () => 0,
      run: runSchedules,
    },
  ],
  [
    'sim',
    {
      about:
        'random lives of a simulated mesh of 3 to 12 nodes, up to H-1 of them hostile, promises checked at every step',
      unit: 'count',
      usual: 10_000,
      seed: () => 0,
      run: runSimulations,
    },
  ],
  [
    'mesh',
    {
      about:
        'a real CA and 20 real nodes, of which one at a time is killed, frozen, renewed or replaced: memory and descriptors stay flat',
      unit: 'minutes',
      usual: 30,
      seed: () => Math.floor(Date.now() / 1000) % 2 ** 31,
      run: soakMesh,
    },
  ],
]);

function runSimulations(count: number, seed: number): object {
  const started = performance.now();
  const converged: number[] = [];
  const sums = { events: 0, faults: 0, withAdversaries: 0 };
  for (let done = 0; done < count; done++) {
    const { convergedAfterMs, events, faults, hostile } = runSeed(seed + done, WHOLE);
    converged.push(convergedAfterMs);
    sums.events += events;
    sums.faults += faults.length;
    if (hostile > 0) sums.withAdversaries += 1;
    if ((done + 1) % PROGRESS_EVERY === 0) process.stdout.write(`${done + 1} of ${count} lives\n`);
  }
  converged.sort((a, b) => a - b);
  return {
    seeds: { first: seed, last: seed + count - 1 },
    lives: count,
    violations: 0,
    elapsedMs: Math.round(performance.now() - started),
    ...sums,
    convergedAfterMs: { p50: converged[Math.floor(count / 2)], most: converged.at(-1) },
  };
}

async function runSchedules(count: number, seed: number): Promise<object> {
  const started = performance.now();
  const tally = new Tally();
  for (let done = 0; done < count; done += PROGRESS_EVERY) {
    await tryMany(seed + done, Math.min(PROGRESS_EVERY, count - done), { tally });
    process.stdout.write(`${Math.min(count, done + PROGRESS_EVERY)} of ${count} schedules\n`);
  }
  return {
    seeds: { first: seed, last: seed + count - 1 },
    schedules: count,
    auditedAfterEachStep: Math.ceil(count / AUDITED_EACH_STEP),
    violations: 0,
    elapsedMs: Math.round(performance.now() - started),
    counts: tally,
  };
}

const root = projectRoot();
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    count: { type: 'string' },
    seed: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const [name, ...more] = positionals;
const soak = SOAKS.get(name ?? '');
if (name === undefined) listSoaks();
else if (soak === undefined || more.length > 0) refuse(`no such soak: ${positionals.join(' ')}`);
// Its processes have ports of their own, which others on this machine may use.
else if (name === 'mesh') await inOwnNetwork(() => perform(name, soak));
else await perform(name, soak);

function listSoaks(): void {
  for (const [known, { about, usual, unit }] of SOAKS) {
    process.stdout.write(`${known}  ${about} (--${unit} ${usual})\n`);
  }
}

async function perform(chosen: string, { unit, usual, seed: anySeed, run }: Soak): Promise<void> {
  const amount = Number(values[unit] ?? usual);
  const seed = Number(values.seed ?? anySeed());
  if (!(amount > 0) || !Number.isSafeInteger(seed)) {
    refuse(`--${unit} and --seed are numbers above 0`);
    return;
  }
  process.stdout.write(`soak ${chosen}: --${unit} ${amount} --seed ${seed}\n`);
  const result = { soak: chosen, date: new Date().toISOString(), ...commit(), machine: machine(), seed };
  const whole = `${JSON.stringify({ ...result, ...(await run(amount, seed)) }, null, 2)}\n`;
  process.stdout.write(whole);
  if (!values.record) return;
  const folder = path.join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  // Ranges of seeds can be run side by side.
  const range = unit === 'count' && seed > 0 ? `-${seed}` : '';
  writeFileSync(path.join(folder, `soak-${chosen}${range}.json`), whole);
}

function refuse(why: string): void {
  process.stderr.write(`soak: ${why}\n`);
  process.exitCode = 3;
}
