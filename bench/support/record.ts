import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { commit, machine } from './provenance.ts';

const ROOT = dirname(dirname(import.meta.dirname));

/** Prints a result; with `record` it becomes bench/results/NAME.json. */
export function tell(name: string, result: object, record: boolean): void {
  // Other work on the machine slows down what it measures.
  const load = loadavg().map((value) => Number(value.toFixed(1)));
  const where = { ...machine(), load };
  const whole = { bench: name, date: new Date().toISOString(), ...commit(), machine: where, ...result };
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
