import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { schedule } from '../../../src/app/ca/schedule.ts';

const HOUR_MS = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

function counted(next: () => number): {
  times: number[];
  work: Parameters<typeof schedule>[0];
  errors: unknown[];
} {
  const times: number[] = [];
  const errors: unknown[] = [];
  const work = {
    retryMs: 60_000,
    run: () => {
      times.push(Date.now());
      return Promise.resolve(next());
    },
    onError: (cause: unknown) => errors.push(cause),
  };
  return { times, work, errors };
}

describe('recurring work', () => {
  it('runs when it is due and then when it says', async () => {
    const { times, work } = counted(() => Date.now() + HOUR_MS);
    const stop = schedule(work, 1_000, Date.now);
    await vi.advanceTimersByTimeAsync(2 * HOUR_MS + 1_000);
    expect(times).toEqual([1_000, 1_000 + HOUR_MS, 1_000 + 2 * HOUR_MS]);
    stop();
    await vi.advanceTimersByTimeAsync(5 * HOUR_MS);
    expect(times).toHaveLength(3);
  });

  it('waits longer than a timer can', async () => {
    const { times, work } = counted(() => Infinity);
    schedule(work, 60 * 24 * HOUR_MS, Date.now);
    await vi.advanceTimersByTimeAsync(60 * 24 * HOUR_MS - 1);
    expect(times).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(times).toHaveLength(1);
  });

  it('tries again after a failure, and tells of it', async () => {
    let failures = 2;
    const { times, work, errors } = counted(() => {
      if (failures-- > 0) throw new Error('disk full');
      return Infinity;
    });
    schedule({ ...work, run: async () => work.run() }, 0, Date.now);
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(times).toEqual([0, 60_000, 120_000]);
    expect(errors).toHaveLength(2);
  });
});
