import { readFile } from 'node:fs/promises';
import { cpuMicroseconds } from './load.ts';

/** Memory of one process in MiB. */
export interface Memory {
  /** All pages it maps, those that it shares with others in full. */
  readonly rss: number;
  /** Shared pages counted by the share: what one more process costs the machine. */
  readonly pss: number;
  /** Pages of its own. */
  readonly own: number;
}

const KIB_PER_MIB = 1_024;

export async function memoryOf(pid: number): Promise<Memory> {
  return parseSmapsRollup(await readFile(`/proc/${String(pid)}/smaps_rollup`, 'latin1'));
}

/** Source: proc_pid_smaps_rollup(5). */
export function parseSmapsRollup(text: string): Memory {
  const mebibytes = (field: string): number => {
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    return Number(kib) / KIB_PER_MIB;
  };
  const own = mebibytes('Private_Clean') + mebibytes('Private_Dirty');
  return { rss: mebibytes('Rss'), pss: mebibytes('Pss'), own };
}

/** Processor time of all of them so far. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map((pid) => cpuMicroseconds(pid)));
  return each.reduce((sum, microseconds) => sum + microseconds, 0) / 1e6;
}
