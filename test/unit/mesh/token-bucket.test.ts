import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../src/mesh/token-bucket.ts';
import { monoMs } from '../../../src/std/index.ts';

function taken(bucket: TokenBucket, times: number, at: number): number {
  return Array.from({ length: times }, () => bucket.take(monoMs(at))).filter(Boolean).length;
}

describe('TokenBucket', () => {
  it('gives its burst at once and not one more', () => {
    expect(taken(new TokenBucket(10, 5, monoMs(0)), 6, 0)).toBe(5);
  });

  it('fills at its rate and never above its burst', () => {
    const bucket = new TokenBucket(10, 5, monoMs(0));
    taken(bucket, 5, 0);
    expect(taken(bucket, 3, 100)).toBe(1);
    expect(taken(bucket, 9, 400)).toBe(3);
    expect(taken(bucket, 99, 60_000)).toBe(5);
  });

  it('keeps fractions, so that asking often costs nothing', () => {
    const bucket = new TokenBucket(10, 5, monoMs(0));
    taken(bucket, 5, 0);
    let given = 0;
    for (let at = 1; at <= 1_000; at++) given += taken(bucket, 1, at);
    expect(given).toBeGreaterThanOrEqual(9);
    expect(given).toBeLessThanOrEqual(10);
  });

  it('gives nothing for time that runs backwards', () => {
    const bucket = new TokenBucket(10, 1, monoMs(1_000));
    taken(bucket, 1, 1_000);
    expect(bucket.take(monoMs(0))).toBe(false);
  });
});
