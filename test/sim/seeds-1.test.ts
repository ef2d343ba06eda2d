import { describe, expect, it } from 'vitest';
import { CONVERGED_WITHIN_MS } from '../../src/sim/index.ts';
import { QUICK, runSeeds, type SeedOutcome } from '../support/sim-seeds.ts';

/*
 * A violation names its seed. One of the longer lives of the soak comes again with
 * `npm run soak -- sim --seed N --count 1`.
 */

const FIRST = 0;
const GROUP = 10;

describe('random lives of a mesh, promises checked at every step', { timeout: 60_000 }, () => {
  const outcomes: SeedOutcome[] = [];

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('hold for group %i of ten seeds', (group) => {
    outcomes.push(...runSeeds(FIRST + GROUP * group, GROUP, QUICK));
  });

  it('have adversaries in them, and all end with views that agree', () => {
    expect(outcomes).toHaveLength(10 * GROUP);
    expect(outcomes.filter(({ hostile }) => hostile > 0).length).toBeGreaterThan(10);
    expect(Math.max(...outcomes.map((each) => each.convergedAfterMs))).toBeLessThanOrEqual(
      CONVERGED_WITHIN_MS,
    );
  });
});
