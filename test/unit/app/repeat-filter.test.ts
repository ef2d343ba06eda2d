import { describe, expect, it } from 'vitest';
import { MAX_REMEMBERED_LINES, REPEAT_QUIET_MS, RepeatFilter } from '../../../src/app/node/repeat-filter.ts';
import { monoMs } from '../../../src/std/index.ts';

describe('the filter of repeated lines', () => {
  it('writes a line once, holds its repetitions back and then tells how many there were', () => {
    const filter = new RepeatFilter();
    expect(filter.admit('a', monoMs(0))).toBe(0);
    expect(filter.admit('a', monoMs(1))).toBeUndefined();
    expect(filter.admit('a', monoMs(REPEAT_QUIET_MS - 1))).toBeUndefined();
    expect(filter.admit('a', monoMs(REPEAT_QUIET_MS))).toBe(2);
  });

  it('does not hold back another line', () => {
    const filter = new RepeatFilter();
    filter.admit('a', monoMs(0));
    expect(filter.admit('b', monoMs(0))).toBe(0);
  });

  it('remembers a bounded number of lines', () => {
    const filter = new RepeatFilter();
    for (let i = 0; i <= MAX_REMEMBERED_LINES; i++) filter.admit(`line ${String(i)}`, monoMs(0));
    expect(filter.admit('line 0', monoMs(1))).toBe(0);
    expect(filter.admit(`line ${String(MAX_REMEMBERED_LINES)}`, monoMs(1))).toBeUndefined();
  });
});
