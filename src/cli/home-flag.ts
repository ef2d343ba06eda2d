import path from 'node:path';
import type { CliContext } from './context.ts';

const PLAIN = /^[\w./:@%+=,-]+$/;

/** ` --home DIR` for a command to type next, when this one was told its home; else nothing. */
export function homeFlag(ctx: CliContext): string {
  const home = ctx.homeOption;
  return home === undefined ? '' : ` --home ${quoted(home)}`;
}

/** A word as a POSIX shell takes it. */
export function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** The path as somebody in `cwd` would type it: relative below it, else in full. */
export function shortPath(cwd: string, target: string): string {
  const relative = path.relative(cwd, target);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? target : relative;
}
