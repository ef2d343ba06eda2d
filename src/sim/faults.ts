import type { SeededRandom } from './random.ts';
import type { SimNode } from './node.ts';
import type { World } from './world.ts';

/** What a fault may touch. */
export interface Scene {
  readonly world: World;
  readonly dice: SeededRandom;
  /** Nodes that run the production core. */
  readonly nodes: readonly SimNode[];
  /** The CA revokes one, and tells whoever checks. */
  revoke(node: SimNode): void;
}

/** Something goes wrong; what it answers puts it right again. */
export type Fault = (scene: Scene) => () => void;

const HOUR_MS = 3_600_000;

/** All that can go wrong by itself, with how often each does. */
export const FAULTS: readonly { readonly name: string; readonly weight: number; readonly happen: Fault }[] = [
  { name: 'crash', weight: 6, happen: (scene) => crash(scene, pickNode(scene)) },
  { name: 'crash with the disk lost', weight: 1, happen: loseDisk },
  { name: 'restart of a third at once', weight: 1, happen: crashThird },
  { name: 'power cut', weight: 3, happen: powerCut },
  { name: 'freeze', weight: 5, happen: freeze },
  { name: 'stall', weight: 4, happen: stall },
  { name: 'cut between two', weight: 3, happen: (scene) => cutAll(scene, [pairOf(scene)], true) },
  { name: 'one-way cut', weight: 3, happen: (scene) => cutAll(scene, [pairOf(scene)], false) },
  { name: 'flip-flop', weight: 2, happen: flipFlop },
  { name: 'isolation', weight: 3, happen: (scene) => cutAll(scene, around(scene, 1), true) },
  { name: 'cut off from half', weight: 2, happen: (scene) => cutAll(scene, around(scene, 0.5), true) },
  { name: 'deaf', weight: 1, happen: (scene) => cutAll(scene, around(scene, 1), false) },
  { name: 'partition', weight: 3, happen: partition },
  { name: 'egress loss', weight: 3, happen: lossy },
  { name: 'slow disk', weight: 2, happen: slowDisk },
  { name: 'full disk', weight: 2, happen: fullDisk },
  { name: 'clock set', weight: 2, happen: setClock },
  { name: 'CA out of reach', weight: 2, happen: withoutCa },
  { name: 'renewal', weight: 3, happen: renew },
  { name: 'leave', weight: 2, happen: leave },
  { name: 'revocation', weight: 2, happen: revoke },
];

const TOTAL_WEIGHT = FAULTS.reduce((sum, { weight }) => sum + weight, 0);

/** One of {@link FAULTS}, by its weight. */
export function pickFault(dice: SeededRandom): (typeof FAULTS)[number] {
  let left = dice.below(TOTAL_WEIGHT);
  for (const fault of FAULTS) {
    left -= fault.weight;
    if (left < 0) return fault;
  }
  throw new RangeError('the weights do not add up');
}

/** A new process, unless one runs or the CA has ended the node. */
export function restart(world: World, node: SimNode): void {
  if (world.ca.stateOf(node.nodeId) === 'active') world.start(node);
}

function crash({ world }: Scene, node: SimNode): () => void {
  world.crash(node);
  return () => {
    restart(world, node);
  };
}

function loseDisk(scene: Scene): () => void {
  const node = pickNode(scene);
  const undo = crash(scene, node);
  if (!node.isUp) node.disk.wipe();
  return undo;
}

function crashThird(scene: Scene): () => void {
  const undo = scene.dice
    .sample(scene.nodes, Math.floor(scene.nodes.length / 3))
    .map((node) => crash(scene, node));
  return () => {
    for (const each of undo) each();
  };
}

function powerCut(scene: Scene): () => void {
  const node = pickNode(scene);
  scene.world.powerOff(node);
  return () => {
    restart(scene.world, node);
  };
}

function freeze(scene: Scene): () => void {
  const node = pickNode(scene);
  scene.world.freeze(node);
  return () => {
    scene.world.thaw(node);
  };
}

/** Shorter than what anyone else would notice. */
function stall({ world, dice, ...scene }: Scene): () => void {
  const node = dice.pick(scene.nodes);
  world.freeze(node);
  const end = (): void => {
    world.thaw(node);
  };
  world.schedule(world.now + dice.between(100, 1_200), end);
  return end;
}

function cutAll({ world }: Scene, pairs: readonly Pair[], bothWays: boolean): () => void {
  for (const [a, b] of pairs) {
    world.history.add(world.now, a, `${bothWays ? 'is cut off from' : 'does not get through to'} ${b.name}`);
    world.network.cut(a, b);
    if (bothWays) world.network.cut(b, a);
  }
  return () => {
    for (const [a, b] of pairs) {
      world.history.add(world.now, a, `is connected to ${b.name} again`);
      world.network.mend(a, b);
      if (bothWays) world.network.mend(b, a);
    }
  };
}

function flipFlop(scene: Scene): () => void {
  const { world, dice } = scene;
  const pair = pairOf(scene);
  const bothWays = dice.chance(0.5);
  const period = dice.between(400, 4_000);
  let mend: (() => void) | undefined;
  let isOver = false;
  const turn = (): void => {
    if (isOver) return;
    if (mend === undefined) {
      mend = cutAll(scene, [pair], bothWays);
    } else {
      mend();
      mend = undefined;
    }
    world.schedule(world.now + period, turn);
  };
  turn();
  return () => {
    isOver = true;
    mend?.();
  };
}

function partition(scene: Scene): () => void {
  const { world, dice, nodes } = scene;
  const left = dice.sample(nodes, 1 + dice.below(Math.max(1, nodes.length - 1)));
  const right = world.nodes.filter((node) => !left.includes(node));
  const pairs = left.flatMap((a) => right.map((b): Pair => [a, b]));
  return cutAll(scene, pairs, true);
}

function lossy(scene: Scene): () => void {
  const { world, dice } = scene;
  const node = pickNode(scene);
  const loss = dice.between(0.2, 0.8);
  const others = world.nodes.filter((other) => other !== node);
  world.history.add(world.now, node, `loses ${(100 * loss).toFixed(0)} % of what it sends`);
  for (const other of others) world.network.setWeather(node, other, { loss });
  return () => {
    for (const other of others) world.network.setWeather(node, other, undefined);
  };
}

function slowDisk(scene: Scene): () => void {
  const { disk } = pickNode(scene);
  const usual = disk.latencyMs;
  disk.latencyMs = scene.dice.between(50, 1_500);
  return () => {
    disk.latencyMs = usual;
  };
}

function fullDisk(scene: Scene): () => void {
  const { disk } = pickNode(scene);
  disk.full = true;
  return () => {
    disk.full = false;
  };
}

/** Within what certificates and CRLs allow for: it must change nothing. */
function setClock(scene: Scene): () => void {
  const node = pickNode(scene);
  const ms = scene.dice.between(-HOUR_MS, HOUR_MS);
  scene.world.history.add(scene.world.now, node, `has its clock set by ${(ms / 1_000).toFixed(0)} s`);
  node.clock.jump(ms);
  return () => undefined;
}

function withoutCa(scene: Scene): () => void {
  const { dice, nodes, world } = scene;
  const some = dice.sample(nodes, 1 + dice.below(nodes.length));
  for (const node of some) node.reachesCa = false;
  return () => {
    for (const node of some) node.reachesCa = true;
    world.publish();
  };
}

function renew(scene: Scene): () => void {
  const node = pickNode(scene);
  if (node.isUp) scene.world.renew(node);
  return () => undefined;
}

function leave(scene: Scene): () => void {
  const node = pickNode(scene);
  if (node.isUp) scene.world.leave(node);
  return () => {
    if (node.hasLeft) restart(scene.world, node);
  };
}

/** Never of so many that the rest could not decide anything, or that the adversaries would be enough. */
function revoke(scene: Scene): () => void {
  const { world } = scene;
  const active = world.nodes.filter(({ nodeId }) => world.ca.stateOf(nodeId) === 'active');
  const node = scene.dice.pick(active);
  const rest = active.filter((other) => other !== node);
  const hostile = rest.filter(({ isHostile }) => isHostile).length;
  const isEnough = rest.length >= 3 && 2 * rest.length > world.nodes.length;
  if (isEnough && hostile < world.ca.shapeOf(rest.length).h) scene.revoke(node);
  return () => undefined;
}

type Pair = readonly [SimNode, SimNode];

function pickNode({ dice, nodes }: Scene): SimNode {
  return dice.pick(nodes);
}

function pairOf({ dice, world, nodes }: Scene): Pair {
  const one = dice.pick(nodes);
  return [one, dice.pick(world.nodes.filter((node) => node !== one))];
}

/** One node and a share of all others. */
function around(scene: Scene, share: number): readonly Pair[] {
  const node = pickNode(scene);
  const others = scene.world.nodes.filter((other) => other !== node);
  return scene.dice.sample(others, Math.ceil(share * others.length)).map((other): Pair => [node, other]);
}
