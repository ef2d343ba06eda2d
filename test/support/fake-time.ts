import { spawnSync } from 'node:child_process';

/**
 * The environment in which a process reads another wall clock: `offset` from the real one, such as `-1h` or `+5.5d`.
 * Its monotonic clock stays the real one. Requires: Debian's libfaketime.
 */
export function fakeTime(offset: string): Record<string, string> {
  return { LD_PRELOAD: library(), FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

/** The one for programs with threads, wherever this architecture keeps it. */
function library(): string {
  const listed = spawnSync('dpkg', ['-L', 'libfaketime'], { encoding: 'utf8' });
  const path = listed.stdout.split('\n').find((line) => line.endsWith('/libfaketimeMT.so.1'));
  if (path === undefined) throw new Error('libfaketime is not installed');
  return path;
}
