/**
 * `npm run soak [-- NAME [--minutes N] [--seed N] [--record]]`: runs one of the long tests that are too long for CI
 * (without NAME the list of them). With --record the result becomes bench/results/soak-NAME.json, with the commit
 * and the machine it was made on.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fuzzTargets } from '../test/support/fuzz/index.ts';
import { fuzz, MAX_INPUT_MS, MAX_MEMORY_MIB } from '../test/support/fuzz/run.ts';
import { projectRoot } from './project.ts';

interface Soak {
  readonly about: string;
  readonly minutes: number;
  /** Throws at the first finding. */
  readonly run: (durationMs: number, seed: number) => object;
}

const SOAKS: ReadonlyMap<string, Soak> = new Map([
  [
    'decoders',
    {
      about: 'mutation fuzz of every decoder of what strangers send',
      minutes: 10,
      run: (durationMs, seed) => ({
        limits: { msPerInput: MAX_INPUT_MS, memoryMiB: MAX_MEMORY_MIB },
        findings: 0,
        ...fuzz(fuzzTargets, durationMs, seed),
      }),
    },
  ],
]);

const root = projectRoot();
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const [name, ...more] = positionals;
const soak = SOAKS.get(name ?? '');
if (name === undefined) listSoaks();
else if (soak === undefined || more.length > 0) refuse(`no such soak: ${positionals.join(' ')}`);
else perform(name, soak);

function listSoaks(): void {
  for (const [known, { about, minutes }] of SOAKS) {
    process.stdout.write(`${known}  ${about} (${minutes} minutes)\n`);
  }
}

function perform(chosen: string, { minutes: usual, run }: Soak): void {
  const minutes = Number(values.minutes ?? usual);
  const seed = Number(values.seed ?? Math.floor(Date.now() / 1000) % 2 ** 31);
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
    refuse('--minutes and --seed are numbers above 0');
    return;
  }
  process.stdout.write(`soak ${chosen}: ${minutes} minutes, seed ${seed}\n`);
  const result = { soak: chosen, date: new Date().toISOString(), ...commit(), machine: machine(), seed };
  const whole = `${JSON.stringify({ ...result, ...run(minutes * 60_000, seed) }, null, 2)}\n`;
  process.stdout.write(whole);
  if (!values.record) return;
  const folder = path.join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `soak-${chosen}.json`), whole);
}

function commit(): object {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  return { commit: git('rev-parse', 'HEAD').trim(), uncommittedChanges: git('status', '--porcelain') !== '' };
}

function machine(): object {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? 'unknown',
    processors: processors.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    system: `${type()} ${release()}`,
    node: process.versions.node,
  };
}

function refuse(why: string): void {
  process.stderr.write(`soak: ${why}\n`);
  process.exitCode = 3;
}
