import { globSync } from 'node:fs';
import path from 'node:path';

/** Absolute path of the checkout this script belongs to. */
export function projectRoot(): string {
  return path.dirname(import.meta.dirname);
}

/** Files below `root` that match `pattern`, as sorted POSIX paths relative to it. */
export function filesOf(root: string, pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root })
    .map((file) => file.split(path.sep).join('/'))
    .sort();
}
