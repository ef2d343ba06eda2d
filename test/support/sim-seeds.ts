import * as simulator from '../../src/sim/index.ts';
import type { Outcome, SimCrypto } from '../../src/sim/index.ts';
import { hashedCrypto } from './sim-crypto.ts';

export interface SeedPlan {
  /** From so many nodes … */
  readonly fewest: number;
  /** … to so many: the more, the rarer. */
  readonly most: number;
  readonly troubleMs: number;
  readonly crypto?: (seed: number) => SimCrypto;
}

export interface SeedOutcome extends Outcome {
  readonly nodes: number;
  readonly hostile: number;
  readonly events: number;
  readonly decisions: string;
}

export const QUICK: SeedPlan = { fewest: 3, most: 7, troubleMs: 7_000 };
export const WHOLE: SeedPlan = { fewest: 3, most: 12, troubleMs: 12_000 };

/** The simulator, or one built around a core with a planted bug. */
export type Simulator = typeof simulator;

/** One random life of a mesh: everything follows from the seed. Throws InvariantViolation. */
export function runSeed(seed: number, plan: SeedPlan, by: Simulator = simulator): SeedOutcome {
  const { SeededRandom, allToAll, World, infiltrate, runScenario } = by;
  const dice = new SeededRandom(seed ^ 0x5eed);
  const nodes = plan.fewest + Math.floor((plan.most - plan.fewest + 1) * dice.share() ** 3);
  const hostile = dice.chance(0.5) ? dice.below(allToAll(nodes).h) : 0;
  const crypto = plan.crypto?.(seed) ?? hashedCrypto(seed);
  const world = new World({ seed, nodes, crypto, weather: { loss: dice.pick([0, 0, 0.01, 0.05]) } });
  const plot = infiltrate(world, hostile);
  for (const line of plot) world.history.add(0, undefined, `adversary ${line}`);
  const outcome = runScenario(world, { troubleMs: plan.troubleMs, faults: 2 + dice.below(6) });
  return { ...outcome, nodes, hostile, events: world.events, decisions: world.decisions };
}

/** Runs seeds one after the other; what it finds names the seed, which is enough to see it again. */
export function runSeeds(first: number, count: number, plan: SeedPlan): readonly SeedOutcome[] {
  return Array.from({ length: count }, (_, i) => runSeed(first + i, plan));
}
