import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Memory where there is some to keep files in. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A directory for a group of tests that make many files and measure no disk; it is removed after them. */
export function scratchDir(): string {
  const path = mkdtempSync(join(PLACE, 'lifesign-scratch-'));
  afterAll(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}
