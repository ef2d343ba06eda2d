import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { dirname } from 'node:path';

const ROOT = dirname(dirname(import.meta.dirname));

/** What was measured: the commit, and whether the checkout differs from it. */
export function commit(): object {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return { commit: git('rev-parse', 'HEAD').trim(), uncommittedChanges: git('status', '--porcelain') !== '' };
}

/** Where it was measured. */
export function machine(): object {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? 'unknown',
    processors: processors.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    system: `${type()} ${release()}`,
    node: process.versions.node,
  };
}
