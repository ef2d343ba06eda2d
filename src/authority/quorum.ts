import type { NodeState } from './facts.ts';

/** Observers per member and how many of them make a member down. */
export interface ObserverNumbers {
  readonly k: number;
  readonly h: number;
  readonly active: number;
}

/**
 * All-to-all: every active member observes every other, K = N − 1 and H = ⌊K/2⌋ + 1, so N = 3 gives K 2 and H 2.
 * K is at least 1, which the roster's format demands.
 */
export function observerNumbers(states: readonly NodeState[]): ObserverNumbers {
  const active = states.filter((state) => state === 'active').length;
  const k = Math.max(1, active - 1);
  return { k, h: Math.floor(k / 2) + 1, active };
}
