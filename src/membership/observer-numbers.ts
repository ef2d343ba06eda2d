/** Share of members that may be faulty at a time, independently of each other. */
const FAULTY_SHARE = 0.05;
/** Chance that some member of the roster has more faulty observers than its K tolerates. */
const RISK = 1e-3;

/** K observers a member, of whom H make it down. */
export interface ObserverNumbers {
  readonly k: number;
  readonly h: number;
}

/**
 * For a roster with so many active members: K = 2t + 1 with the smallest t such that more than t of K observers are
 * faulty, for any member, with a chance of at most RISK; fewer where there are no more members, which then all observe
 * each other. H is more than half of K. K is at least 1, which the roster's format demands.
 *
 * N = 3: K 2, H 2. 10: 9, 5. 100: 11, 6. 1,000: 15, 8. 10,000: 17, 9.
 *
 * Source: DESIGN "Topology"; Fireflies (Johansen et al., 2015) §4.1.
 */
export function observerNumbers(active: number): ObserverNumbers {
  const others = Math.max(1, active - 1);
  let t = 1;
  while (2 * t + 1 < others && chanceOfMore(t, 2 * t + 1) > RISK / active) t++;
  const k = Math.min(2 * t + 1, others);
  return { k, h: Math.floor(k / 2) + 1 };
}

/** Of more than `t` among `k`: the upper tail of a binomial distribution. */
function chanceOfMore(t: number, k: number): number {
  let chance = 0;
  for (let faulty = t + 1; faulty <= k; faulty++) {
    chance += combinations(k, faulty) * FAULTY_SHARE ** faulty * (1 - FAULTY_SHARE) ** (k - faulty);
  }
  return chance;
}

function combinations(from: number, taken: number): number {
  let ways = 1;
  for (let i = 1; i <= taken; i++) ways = (ways * (from - taken + i)) / i;
  return ways;
}
