import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedSet } from '../../../src/mesh/bounded-set.ts';

describe('BoundedSet', () => {
  it('forgets the oldest at one above its capacity', () => {
    const set = new BoundedSet<number>(3);
    for (const item of [1, 2, 3]) set.add(item);
    expect(set.size).toBe(3);
    expect(set.has(1)).toBe(true);
    set.add(4);
    expect(set.size).toBe(3);
    expect([1, 2, 3, 4].map((item) => set.has(item))).toEqual([false, true, true, true]);
  });

  it('counts one that comes again as new', () => {
    const set = new BoundedSet<string>(2);
    for (const item of ['a', 'b', 'a', 'c']) set.add(item);
    expect(['a', 'b', 'c'].map((item) => set.has(item))).toEqual([true, false, true]);
  });

  it('holds exactly the newest of any sequence', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 })),
        fc.integer({ min: 1, max: 5 }),
        (items, capacity) => {
          const set = new BoundedSet<number>(capacity);
          for (const item of items) set.add(item);
          const newest = [...new Set([...items].reverse())].slice(0, capacity);
          expect(Array.from({ length: 10 }, (_, i) => i).filter((i) => set.has(i))).toEqual(
            [...newest].sort(),
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});
