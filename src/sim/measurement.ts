import { countsAsAlive } from '../membership/index.ts';
import type { Transition } from '../mesh/index.ts';
import type { SimNode } from './node.ts';
import type { WorldWatcher } from './shell.ts';
import type { World } from './world.ts';

/** How long a death is waited for, and how long everything is left alone after it. */
const LOOK_FOR_MS = 12_000;
const REST_MS = 8_000;
const LOOK_EVERY_MS = 100;
const FORMED_WITHIN_MS = 60_000;

/** Of several measurements, in milliseconds. Undefined when there were none. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly most: number;
}

/** How long a death took to be known: by the first of all others, and by the last. */
export interface DetectionTimes {
  readonly first: Spread | undefined;
  readonly all: Spread | undefined;
  /** Deaths that not everybody knew of in time. */
  readonly missed: number;
}

/** What a cluster of this shape and weather would be like. */
export interface Measured {
  readonly formedAfterMs: number;
  readonly simulatedMs: number;
  /** A process that ends, whose machine closes its connections. */
  readonly crash: DetectionTimes;
  /** A machine that falls silent. */
  readonly silence: DetectionTimes;
  /** Members that run and were not counted alive, or were called down. */
  readonly mistakes: number;
  readonly falseDeaths: number;
  /** Mean time between two mistakes of one observer about one member (T_MR); undefined without two. */
  readonly mistakeEveryMs: number | undefined;
  /** Share of the time that a member that runs is counted alive by another (P_A). */
  readonly queryAccuracy: number;
  readonly perNodeAndSecond: {
    readonly bytesOut: number;
    readonly signed: number;
    readonly verified: number;
    readonly events: number;
  };
  readonly events: number;
}

type Death = 'crash' | 'silence';

/** Runs a world and measures it: deaths by turns of both kinds, each undone again, and what else its nodes believe. */
export class Measurement implements WorldWatcher {
  readonly #world: World;
  readonly #first: Record<Death, number[]> = { crash: [], silence: [] };
  readonly #all: Record<Death, number[]> = { crash: [], silence: [] };
  readonly #missed: Record<Death, number> = { crash: 0, silence: 0 };
  readonly #wrongSince = new Map<string, number>();
  #mistakes = 0;
  #falseDeaths = 0;
  #wrongMs = 0;
  #pairMs = 0;
  #formedAfterMs = 0;
  #firstKnownAt: number | undefined;
  #victim: SimNode | undefined;
  #deaths = 0;

  constructor(world: World) {
    this.#world = world;
    world.watchers.push(this);
  }

  /** Starts all nodes and waits until all count each other alive, or for a minute. */
  form(): void {
    const world = this.#world;
    world.startAll();
    while (world.now < FORMED_WITHIN_MS && !this.#isFormed()) world.run(LOOK_EVERY_MS);
    this.#formedAfterMs = world.now;
    for (const node of world.nodes)
      Object.assign(node.costs, { events: 0, bytesOut: 0, signed: 0, verified: 0 });
  }

  /** One death, its discovery, and a return: some twenty seconds. */
  round(): void {
    const world = this.#world;
    const began = world.now;
    const correct = world.nodes.filter((node) => !node.isHostile && node.isUp);
    const victim = world.dice.pick(correct);
    const kind: Death = this.#deaths++ % 2 === 0 ? 'crash' : 'silence';
    this.#victim = victim;
    this.#firstKnownAt = undefined;
    if (kind === 'crash') world.crash(victim);
    else world.powerOff(victim);
    while (world.now - began < LOOK_FOR_MS && !this.#isKnownToAll(victim)) world.run(LOOK_EVERY_MS / 10);
    const known = this.#whenFirstKnown();
    if (known !== undefined) this.#first[kind].push(known - began);
    if (this.#isKnownToAll(victim)) this.#all[kind].push(world.now - began);
    else this.#missed[kind] += 1;
    world.start(victim);
    world.run(REST_MS);
    this.#victim = undefined;
    this.#pairMs += (world.now - began) * correct.length * (correct.length - 1);
  }

  stepped(): void {
    // Transitions say it all.
  }

  changed(node: SimNode, { nodeId, from, to }: Transition): void {
    const subject = this.#world.byId(nodeId);
    if (subject === undefined || subject.isHostile || node.isHostile) return;
    if (subject === this.#victim || node === this.#victim) {
      if (subject === this.#victim && to === 'down') this.#firstKnownAt ??= this.#world.now;
      return;
    }
    this.#note(`${node.index} ${subject.index}`, countsAsAlive(from), countsAsAlive(to), to === 'down');
  }

  result(): Measured {
    const { nodes, now, events } = this.#world;
    const measuredMs = now - this.#formedAfterMs;
    const mean = (of: (node: SimNode) => number): number =>
      nodes.reduce((sum, node) => sum + of(node), 0) / nodes.length / (measuredMs / 1_000);
    return {
      formedAfterMs: this.#formedAfterMs,
      simulatedMs: now,
      crash: this.#timesOf('crash'),
      silence: this.#timesOf('silence'),
      mistakes: this.#mistakes,
      falseDeaths: this.#falseDeaths,
      mistakeEveryMs: this.#mistakes < 2 ? undefined : this.#pairMs / this.#mistakes,
      queryAccuracy: this.#pairMs === 0 ? 1 : 1 - this.#wrongMs / this.#pairMs,
      perNodeAndSecond: {
        bytesOut: mean(({ costs }) => costs.bytesOut),
        signed: mean(({ costs }) => costs.signed),
        verified: mean(({ costs }) => costs.verified),
        events: mean(({ costs }) => costs.events),
      },
      events,
    };
  }

  #note(pair: string, wasAlive: boolean, isAlive: boolean, isDown: boolean): void {
    const { now } = this.#world;
    if (this.#formedAfterMs === 0) return;
    if (isDown) this.#falseDeaths += 1;
    if (wasAlive && !isAlive) {
      this.#mistakes += 1;
      this.#wrongSince.set(pair, now);
    }
    const since = this.#wrongSince.get(pair);
    if (!isAlive || since === undefined) return;
    this.#wrongMs += now - since;
    this.#wrongSince.delete(pair);
  }

  #whenFirstKnown(): number | undefined {
    return this.#firstKnownAt;
  }

  #timesOf(kind: Death): DetectionTimes {
    return { first: spread(this.#first[kind]), all: spread(this.#all[kind]), missed: this.#missed[kind] };
  }

  #isFormed(): boolean {
    const correct = this.#world.nodes.filter((node) => !node.isHostile);
    return correct.every((node) =>
      correct.every((other) => other === node || node.seen.get(other.nodeId)?.state === 'alive'),
    );
  }

  #isKnownToAll(victim: SimNode): boolean {
    return this.#world.nodes.every(
      (node) => node === victim || node.isHostile || node.seen.get(victim.nodeId)?.state === 'down',
    );
  }
}

function spread(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [p50, most] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return p50 === undefined || most === undefined ? undefined : { count: sorted.length, p50, most };
}
