import { countsAsAlive } from '../membership/index.ts';
import { pickFault, restart, type Scene } from './faults.ts';
import { Invariants } from './invariants.ts';
import type { SimNode } from './node.ts';
import { InvariantViolation } from './violation.ts';
import type { World } from './world.ts';

/** After everything is put right, all views agree within this time. */
export const CONVERGED_WITHIN_MS = 30_000;
const STARTED_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 250;
const LASTS_AT_MOST_MS = 9_000;

export interface ScenarioOptions {
  /** How long things go wrong. */
  readonly troubleMs: number;
  readonly faults: number;
}

export interface Outcome {
  /** Names of the faults that happened, in order. */
  readonly faults: readonly string[];
  /** How long after the end of all trouble the views agreed. */
  readonly convergedAfterMs: number;
}

/**
 * Lets a world start, go wrong at random and be put right again, with the promises checked at every step. Everything
 * follows from the world's seed. Throws InvariantViolation.
 */
export function runScenario(world: World, { troubleMs, faults: count }: ScenarioOptions): Outcome {
  const invariants = new Invariants(world);
  const { dice } = world;
  const nodes = world.nodes.filter((node) => !node.isHostile);
  world.startAll();
  converge(world, STARTED_WITHIN_MS);
  const scene: Scene = {
    world,
    dice,
    nodes,
    revoke: (node) => {
      world.revoke(node);
      invariants.revoked(node);
    },
  };
  const faults: string[] = [];
  const begin = world.now;
  for (let i = 0; i < count; i++) {
    world.schedule(begin + dice.between(0, troubleMs), () => {
      const { name, happen } = pickFault(dice);
      faults.push(name);
      const undo = happen(scene);
      world.schedule(Math.min(begin + troubleMs, world.now + dice.between(200, LASTS_AT_MOST_MS)), undo);
    });
  }
  world.run(troubleMs + 1);
  world.history.add(world.now, undefined, 'all trouble is over');
  const convergedAfterMs = converge(world, CONVERGED_WITHIN_MS);
  return { faults, convergedAfterMs };
}

/** Runs until all views agree, with whoever has ended started again; answers how long that took. */
function converge(world: World, withinMs: number): number {
  const begin = world.now;
  for (;;) {
    for (const node of world.nodes) restart(world, node);
    world.run(LOOK_EVERY_MS);
    const wrong = firstDisagreement(world);
    if (wrong === undefined) return world.now - begin;
    if (world.now - begin < withinMs) continue;
    const { seed, now: at, history } = world;
    throw new InvariantViolation({
      promise: 'views-converge',
      seed,
      at,
      node: wrong.observer.name,
      detail: `${wrong.subject.name} is ${wrong.state} ${withinMs} ms after the end of all trouble`,
      history: history.lines,
    });
  }
}

/** Somebody correct who sees somebody correct otherwise than it is. */
function firstDisagreement(
  world: World,
): { readonly observer: SimNode; readonly subject: SimNode; readonly state: string } | undefined {
  const isActive = (node: SimNode): boolean => world.ca.stateOf(node.nodeId) === 'active';
  // An accusation that is about to be answered makes nobody dead.
  const isHarassed = world.nodes.some((node) => node.isHostile);
  const observers = world.nodes.filter((node) => !node.isHostile && isActive(node));
  for (const observer of observers) {
    for (const subject of world.nodes) {
      if (subject === observer || subject.isHostile) continue;
      const state = observer.seen.get(subject.nodeId)?.state ?? 'unknown';
      const isUp = state === 'alive' || (isHarassed && state === 'suspect');
      const isRight = isActive(subject) ? isUp : !countsAsAlive(state);
      if (!isRight || !observer.isUp) return { observer, subject, state };
    }
  }
  return undefined;
}
