import { InvalidArgumentError } from 'commander';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;
const COLUMN_GAP = '  ';

/** RFC 3339 in UTC with milliseconds. `time` is milliseconds since 1970. */
export function formatTime(time: number): string {
  return new Date(time).toISOString();
}

/** A length of time for a person, in its two largest units at most: `820 ms`, `2.4 s`, `3 min 10 s`, `6 d 23 h`. */
export function formatDuration(milliseconds: number): string {
  const length = Math.abs(Math.round(milliseconds));
  if (length < SECOND_MS) return `${length} ms`;
  if (length < MINUTE_MS) return `${Number((length / SECOND_MS).toFixed(1))} s`;
  if (length < HOUR_MS) return twoUnits(length, MINUTE_MS, 'min', SECOND_MS, 's');
  if (length < DAY_MS) return twoUnits(length, HOUR_MS, 'h', MINUTE_MS, 'min');
  return twoUnits(length, DAY_MS, 'd', HOUR_MS, 'h');
}

/** `time` as seen from `now`: `3 s ago`, `in 6 d 23 h`, `now`. */
export function formatRelative(time: number, now: number): string {
  if (Math.abs(time - now) < SECOND_MS) return 'now';
  const length = formatDuration(time - now);
  return time > now ? `in ${length}` : `${length} ago`;
}

/** Commander argument parser for `90s`, `1h`, `7d`, …: milliseconds. */
export function durationArgument(text: string): number {
  const [, count, unit = ''] = DURATION.exec(text) ?? [];
  const milliseconds = UNITS[unit];
  if (count === undefined || milliseconds === undefined) {
    throw new InvalidArgumentError('A duration is a whole number with a unit, like 90s, 15m, 1h or 7d.');
  }
  return Number(count) * milliseconds;
}

/** Commander argument parser for options that may be given several times. */
export function collectArgument(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), text];
}

/** Lines of left-aligned columns under their headings. Marks of style.ts take no width. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))));
  return lines.map((line) =>
    widths
      .map((width, column) => {
        const cell = line[column] ?? '';
        return cell + ' '.repeat(width - widthOf(cell));
      })
      .join(COLUMN_GAP)
      .trimEnd(),
  );
}

function twoUnits(
  length: number,
  large: number,
  largeName: string,
  small: number,
  smallName: string,
): string {
  const whole = Math.floor(length / large);
  const rest = Math.floor((length % large) / small);
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}

function widthOf(cell: string): number {
  return Array.from(cell.replaceAll(MARKS, '')).length;
}

const MARKS = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
