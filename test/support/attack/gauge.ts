import { readdir, readFile } from 'node:fs/promises';
import type { RunningProgram } from '../process.ts';

const MIB = 1_024 * 1_024;

/** What a process has in memory now (`VmRSS`), or had at most so far (`VmHWM`), in MiB. */
export async function memoryMiB({ pid }: RunningProgram, which: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1_024) / MIB;
}

/** How many file descriptors a process has open. */
export async function openFiles({ pid }: RunningProgram): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Lines of its log that an operator is shown (not `debug`), by their code. */
export function shownLines({ stderr }: RunningProgram): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of stderr.split('\n')) {
    const { level, code } = parsed(line);
    if (code === undefined || level === 'debug' || level === 20) continue;
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return counts;
}

function parsed(line: string): { readonly level?: unknown; readonly code?: string } {
  try {
    return JSON.parse(line) as { level?: unknown; code?: string };
  } catch {
    return {};
  }
}
