import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { watchKeys } from '../../../../src/app/ca/key-watch.ts';
import { fault, type Fault } from '../../../../src/std/index.ts';

it('tells once that a token is gone, once that it is back, and nothing after it was stopped', () => {
  vi.useFakeTimers();
  try {
    const lines: string[] = [];
    let now: Fault | undefined;
    let checks = 0;
    const check = (): Fault | undefined => {
      checks += 1;
      return now;
    };
    const stop = watchKeys({ check }, pino({ base: null }, { write: (line: string) => lines.push(line) }));
    vi.advanceTimersByTime(20_000);
    expect(lines).toEqual([]);
    now = fault('LS_KEY_TOKEN_UNAVAILABLE', 'the token "ca" is not there');
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('LS_KEY_TOKEN_UNAVAILABLE');
    now = undefined;
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(2);
    stop();
    const before = checks;
    vi.advanceTimersByTime(60_000);
    expect(checks).toBe(before);
  } finally {
    vi.useRealTimers();
  }
});
