import { describe, expect, it } from 'vitest';
import { passing, pollPauseMs } from '../../../src/app/enroll/redeem.ts';
import { MAX_RETRY_AFTER_MS, parseRetryAfter, RetryLater } from '../../../src/io/ca-client/retry-after.ts';
import { fault, LsError, unixMs } from '../../../src/std/index.ts';

const NOW = unixMs(Date.parse('2026-03-01T12:00:00.250Z'));

describe('Retry-After', () => {
  it.each([
    ['7', 7_000],
    [' 7 ', 7_000],
    ['0', 0],
    ['3600', MAX_RETRY_AFTER_MS],
    ['999999999999', MAX_RETRY_AFTER_MS],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 29_750],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['Mon, 01 Mar 2027 12:00:00 GMT', MAX_RETRY_AFTER_MS],
  ])('of %j is %i ms', (header, ms) => {
    expect(parseRetryAfter(header, NOW)).toBe(ms);
  });

  it.each([
    undefined,
    '',
    '-5',
    '+5',
    '1.5',
    '1e3',
    '0x10',
    '5, 6',
    'soon',
    '9999999999999',
    '2026-03-01T12:00:30Z',
    'Sun, 99 Mar 2026 12:00:30 GMT',
    'Sun, 01 Foo 2026 12:00:30 GMT',
    'Sunday, 01-Mar-26 12:00:30 GMT',
  ])('%j says nothing', (header) => {
    expect(parseRetryAfter(header, NOW)).toBeUndefined();
  });
});

describe('an enrollment that waits', () => {
  it('waits for as long as it is asked to, and longer when it has waited long', () => {
    expect(pollPauseMs(5_000, 0)).toBe(5_000);
    expect(pollPauseMs(5_000, 300_000)).toBe(30_000);
    expect(pollPauseMs(5_000, 3_000_000)).toBe(60_000);
    expect(pollPauseMs(900_000, 3_000_000)).toBe(900_000);
  });

  it('goes by what a CA says that is too busy, and goes on where it says nothing', () => {
    const busy = fault('LS_API_RATE_LIMITED', 'too many');
    expect(passing(new RetryLater(busy, 40_000))).toEqual({ retryAfterMs: 40_000 });
    expect(passing(new RetryLater(busy, 0))).toEqual({ retryAfterMs: 1_000 });
    expect(passing(new LsError(busy))).toBeUndefined();
    const denied = new RetryLater(fault('LS_TRUST_REVOKED', 'no'), 40_000);
    expect(() => passing(denied)).toThrow(denied);
  });
});
