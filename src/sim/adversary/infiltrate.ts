import type { World } from '../world.ts';
import { Gang } from './gang.ts';
import { HostileCore } from './hostile-core.ts';
import { TRICKS } from './tricks.ts';

const MOST_TRICKS = 4;

/**
 * Makes the last `count` members adversaries, each with a few tricks of its own choice. Requires: nothing has started.
 * Answers what they are up to.
 */
export function infiltrate(world: World, count: number, tricks = TRICKS): readonly string[] {
  const dice = world.dice.fork();
  const gang = new Gang(world, dice);
  const honest = world.cast;
  const hostile = world.nodes.slice(world.nodes.length - count);
  const plans = new Map(
    hostile.map((node) => [node, dice.sample(tricks, 1 + dice.below(MOST_TRICKS)).map((make) => make())]),
  );
  for (const node of hostile) node.isHostile = true;
  world.cast = (node, options) => {
    const plan = plans.get(node);
    if (plan === undefined) return honest(node, options);
    return new HostileCore({ options, gang, nodes: world.nodes, me: node, tricks: plan });
  };
  return [...plans].map(([{ name }, plan]) => `${name}: ${plan.map((trick) => trick.name).join(', ')}`);
}
