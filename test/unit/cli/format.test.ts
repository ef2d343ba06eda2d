import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  collectArgument,
  durationArgument,
  formatDuration,
  formatRelative,
  formatTable,
  formatTime,
} from '../../../src/cli/format.ts';
import { styleFor } from '../../../src/cli/style.ts';

describe('human output', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1_000, '1 s'],
    [2_440, '2.4 s'],
    [60_000, '1 min'],
    [190_000, '3 min 10 s'],
    [3_600_000, '1 h'],
    [7 * 86_400_000 - 1, '6 d 23 h'],
  ])('shows %d ms as %s', (length, text) => {
    expect(formatDuration(length)).toBe(text);
  });

  it('shows times relative to now', () => {
    expect(formatRelative(10_000, 13_000)).toBe('3 s ago');
    expect(formatRelative(13_000, 10_000)).toBe('in 3 s');
    expect(formatRelative(10_500, 10_000)).toBe('now');
  });

  it('shows times as RFC 3339 in UTC', () => {
    expect(formatTime(Date.UTC(2026, 10, 22, 21, 5, 6, 7))).toBe('2026-11-22T21:05:06.007Z');
  });

  it('aligns columns by what is seen of them', () => {
    const { green } = styleFor({ isTTY: true }, {});
    expect(formatTable(['NAME', 'STATE'], [['alpha', green('alive')], ['b'], ['ß', 'down']])).toEqual([
      'NAME   STATE',
      `alpha  ${green('alive')}`,
      'b',
      'ß      down',
    ]);
  });

  it.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
  ])('reads the duration %s', (text, milliseconds) => {
    expect(durationArgument(text)).toBe(milliseconds);
  });

  it.each(['', '7', 'd', '-1d', '1.5h', '1w', '7 d', '1h30m', '9999999999s'])(
    'refuses the duration "%s"',
    (text) => {
      expect(() => durationArgument(text)).toThrow(InvalidArgumentError);
    },
  );

  it('collects an option given several times', () => {
    expect(collectArgument('b', collectArgument('a', undefined))).toEqual(['a', 'b']);
  });

  it.each([
    { isTTY: true, env: {}, coloured: true },
    { isTTY: false, env: {}, coloured: false },
    { isTTY: true, env: { NO_COLOR: '1' }, coloured: false },
    { isTTY: true, env: { NO_COLOR: '' }, coloured: true },
    { isTTY: true, env: { TERM: 'dumb' }, coloured: false },
  ])('uses colour only where it is wanted: %o', ({ isTTY, env, coloured }) => {
    expect(styleFor({ isTTY }, env).red('x') !== 'x').toBe(coloured);
  });
});
