import { describe, expect, it } from 'vitest';
import { observerNumbers } from '../../../src/membership/index.ts';

describe('observers of a member', () => {
  it.each([
    [3, 2, 2],
    [4, 3, 2],
    [10, 9, 5],
    [11, 9, 5],
    [100, 11, 6],
    [1_000, 15, 8],
    [10_000, 17, 9],
  ])('in a roster of %i: K is %i and H %i', (active, k, h) => {
    expect(observerNumbers(active)).toEqual({ k, h });
  });

  it.each([0, 1, 2])('in a roster of %i are one at least, as the format demands', (active) => {
    expect(observerNumbers(active)).toEqual({ k: 1, h: 1 });
  });

  it('are never more than there are others, never fewer in a larger roster, and H is more than half', () => {
    let before = 1;
    for (let active = 2; active <= 2_000; active++) {
      const { k, h } = observerNumbers(active);
      expect(k).toBeLessThanOrEqual(Math.max(1, active - 1));
      expect(k).toBeGreaterThanOrEqual(before);
      expect(2 * h).toBeGreaterThan(k);
      before = k;
    }
  });
});
