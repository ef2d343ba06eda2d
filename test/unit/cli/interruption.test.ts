import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testWorld } from '../../support/cli-world.ts';

describe('an interruption', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    { signal: 'SIGINT', code: 130 },
    { signal: 'SIGTERM', code: 143 },
  ] as const)('$signal ends a command that never asked at once with $code', ({ signal, code }) => {
    const { interruption, ends } = testWorld();
    interruption.interrupt(signal);
    expect(ends).toEqual([code]);
  });

  it('leaves a command that asked to end by itself', async () => {
    const { interruption, ends } = testWorld();
    const requested = interruption.requested();
    interruption.interrupt('SIGTERM');
    await requested;
    expect(interruption.signal().aborted).toBe(true);
    expect(ends).toEqual([]);
    expect(interruption.exitCode).toBe(143);
  });

  it('resolves for who asks after it has happened', async () => {
    const { interruption } = testWorld();
    interruption.signal();
    interruption.interrupt('SIGINT');
    await interruption.requested();
    expect(await interruption.hasHappened()).toBe(true);
  });

  it('takes the same key press delivered twice for one', () => {
    const { interruption, ends } = testWorld();
    interruption.signal();
    interruption.interrupt('SIGINT');
    vi.advanceTimersByTime(100);
    interruption.interrupt('SIGINT');
    expect(ends).toEqual([]);
  });

  it('ends without waiting on a second signal', () => {
    const { interruption, ends } = testWorld();
    interruption.signal();
    interruption.interrupt('SIGINT');
    vi.advanceTimersByTime(1_000);
    interruption.interrupt('SIGTERM');
    expect(ends).toEqual([143]);
  });

  it('bounds the time a command takes to close', () => {
    const { interruption, ends } = testWorld();
    interruption.signal();
    interruption.interrupt('SIGINT');
    vi.advanceTimersByTime(15_000);
    expect(ends).toEqual([5]);
  });

  it('takes a closed stdout for the end of the work, not for a failure', () => {
    const { interruption, ends } = testWorld();
    interruption.outputClosed();
    interruption.outputClosed();
    expect(ends).toEqual([0]);
  });
});
