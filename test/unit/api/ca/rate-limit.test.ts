import { describe, expect, it } from 'vitest';
import { MAX_TRACKED_ADDRESSES, RateLimiter } from '../../../../src/api/index.ts';

function takes(limiter: RateLimiter, address: string, times: number, nowMs: number): boolean[] {
  return Array.from({ length: times }, () => limiter.take(address, nowMs));
}

describe('RateLimiter', () => {
  it('grants the burst and refuses one more', () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 3 });
    expect(takes(limiter, 'a', 4, 0)).toEqual([true, true, true, false]);
  });

  it('earns tokens back at the steady rate, never above the burst', () => {
    const limiter = new RateLimiter({ perSecond: 2, burst: 3 });
    takes(limiter, 'a', 3, 0);
    expect(takes(limiter, 'a', 2, 500)).toEqual([true, false]);
    expect(takes(limiter, 'a', 4, 60_000)).toEqual([true, true, true, false]);
  });

  it('counts addresses apart', () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1 });
    expect(limiter.take('a', 0)).toBe(true);
    expect(limiter.take('b', 0)).toBe(true);
    expect(limiter.take('a', 0)).toBe(false);
  });

  it('gives nothing for a clock that stands still or goes back', () => {
    const limiter = new RateLimiter({ perSecond: 1_000, burst: 1 });
    expect(takes(limiter, 'a', 1, 1_000)).toEqual([true]);
    expect(limiter.take('a', 1_000)).toBe(false);
    expect(limiter.take('a', 0)).toBe(false);
  });

  it('remembers a bounded number of addresses and forgets the quietest first', () => {
    const limiter = new RateLimiter({ perSecond: 0.001, burst: 1 });
    for (let i = 0; i < MAX_TRACKED_ADDRESSES; i++) limiter.take(`address-${i}`, 0);
    limiter.take('address-0', 1);
    limiter.take('one-more', 1);
    expect(limiter.size).toBe(MAX_TRACKED_ADDRESSES);
    expect(limiter.take('address-0', 2)).toBe(false);
    expect(limiter.take('address-1', 2)).toBe(true);
  });
});
