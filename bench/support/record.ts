import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = dirname(dirname(import.meta.dirname));

/** Prints a result; with `record` it becomes bench/results/NAME.json. */
export function tell(name: string, result: object, record: boolean): void {
  const whole = { bench: name, date: new Date().toISOString(), ...commit(), machine: machine(), ...result };
  const text = `${JSON.stringify(whole, null, 2)}\n`;
  process.stdout.write(text);
  if (!record) return;
  const folder = join(ROOT, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), text);
}

/** The middle of the rounds, and how far apart they are. */
export function summary(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => Number((sorted[index] ?? Number.NaN).toFixed(3));
  return { median: at(Math.floor(sorted.length / 2)), least: at(0), most: at(sorted.length - 1) };
}

function commit(): object {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return { commit: git('rev-parse', 'HEAD').trim(), uncommittedChanges: git('status', '--porcelain') !== '' };
}

/** Other work on the machine slows down what it measures: `load` says how much there was. */
function machine(): object {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? 'unknown',
    processors: processors.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    load: loadavg().map((value) => Number(value.toFixed(1))),
  };
}
