import { nodeCrypto } from '../io/crypto/index.ts';
import { systemClock } from '../io/system/index.ts';
import { assignObservers, observerNumbers, type AssignObservers } from '../membership/index.ts';
import { infiltrate, keyedHashCrypto, Measurement, World, type Measured } from '../sim/index.ts';

export interface SimulateRequest {
  readonly nodes: number;
  /** Share of segments that get lost, from 0 to below 1. */
  readonly loss: number;
  /** Members with valid keys that do harm. */
  readonly byzantine: number;
  readonly seed: number;
  /** Of simulated time. */
  readonly minutes: number;
  /** Told after every death; false ends the run early. */
  readonly goesOn: (simulatedMs: number) => Promise<boolean>;
}

export interface SimulatedJson extends Measured {
  readonly nodes: number;
  readonly seed: number;
  readonly loss: number;
  readonly byzantine: number;
  readonly k: number;
  readonly h: number;
  /** Simulated time for one second of this machine's. */
  readonly speed: number;
  /** The same for the same seed, options and version. */
  readonly trace: string;
}

/**
 * Plays a cluster before it is built: the code that nodes run, in one process, with a simulated network. Signatures
 * are keyed hashes, so that many nodes fit; everything else is what nodes do.
 */
export async function simulate(request: SimulateRequest): Promise<SimulatedJson> {
  const { nodes, loss, byzantine, seed, minutes, goesOn } = request;
  const began = systemClock.now().mono;
  const crypto = keyedHashCrypto(nodeCrypto, seed);
  const assign = remembering();
  const world = new World({ seed, nodes, crypto, shape: observerNumbers, weather: { loss }, assign });
  infiltrate(world, byzantine);
  const { k, h } = world.ca.quorum;
  const measurement = new Measurement(world);
  measurement.form();
  while (await goesOn(world.now)) {
    if (world.now >= minutes * 60_000) break;
    measurement.round();
  }
  const elapsedMs = systemClock.now().mono - began;
  const speed = world.now / elapsedMs;
  return { nodes, seed, loss, byzantine, k, h, ...measurement.result(), speed, trace: world.trace };
}

/** All nodes hold the same roster nearly all the time: its rings are worked out once. */
function remembering(): AssignObservers {
  let known: { readonly key: string; readonly assignment: ReturnType<AssignObservers> } | undefined;
  return (roster, crypto) => {
    const key = `${roster.k} ${roster.members.map(({ nodeId, state }) => nodeId + state).join()}`;
    if (known?.key !== key) known = { key, assignment: assignObservers(roster, crypto) };
    return known.assignment;
  };
}
