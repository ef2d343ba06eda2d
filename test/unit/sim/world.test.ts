import { describe, expect, it } from 'vitest';
import { World, type SimNode, type WorldOptions } from '../../../src/sim/index.ts';
import { hashedCrypto, realCrypto } from '../../support/sim-crypto.ts';

function started(options: Partial<WorldOptions> = {}): World {
  const world = new World({ seed: 1, nodes: 4, crypto: hashedCrypto(), ...options });
  world.startAll();
  world.run(2_500);
  return world;
}

const stateOf = (observer: SimNode, subject: SimNode): string =>
  observer.seen.get(subject.nodeId)?.state ?? 'unknown';

function everyoneSees(world: World, subject: SimNode): readonly string[] {
  return world.nodes.filter((node) => node !== subject && node.isUp).map((node) => stateOf(node, subject));
}

/** A life with most of what can happen in it. */
function story(world: World): void {
  const [a, b, c] = [world.node(0), world.node(1), world.node(2)];
  world.crash(c);
  world.run(1_000);
  world.start(c);
  world.freeze(b);
  world.run(4_000);
  world.thaw(b);
  world.network.cut(a, b);
  world.run(5_000);
  world.network.mend(a, b);
  world.renew(a);
  world.run(1_000);
  world.revoke(world.node(3));
  world.run(2_000);
}

describe('a simulated mesh', () => {
  it('comes to count everyone alive', () => {
    const world = started();
    for (const node of world.nodes) expect(everyoneSees(world, node)).toEqual(['alive', 'alive', 'alive']);
  });

  it('is the same run for the same seed, and another one for another', () => {
    const run = (seed: number): World => {
      const world = started({ seed });
      story(world);
      return world;
    };
    const [one, same, other] = [run(7), run(7), run(8)];
    expect([one.trace, one.decisions, one.events]).toEqual([same.trace, same.decisions, same.events]);
    expect(one.trace).not.toBe(other.trace);
  });

  it('decides the same with real signatures and with keyed hashes', () => {
    const run = (crypto: WorldOptions['crypto']): World => {
      const world = started({ crypto, seed: 3 });
      story(world);
      return world;
    };
    const [real, hashed] = [run(realCrypto()), run(hashedCrypto())];
    expect(real.decisions).toBe(hashed.decisions);
    expect(real.trace).not.toBe(hashed.trace);
  });

  it('finds a crashed process at once, and one without power after its silence', () => {
    const crashed = started();
    crashed.crash(crashed.node(1));
    crashed.run(600);
    expect(everyoneSees(crashed, crashed.node(1))).toEqual(['down', 'down', 'down']);
    const silent = started();
    silent.powerOff(silent.node(1));
    silent.run(600);
    expect(everyoneSees(silent, silent.node(1))).toEqual(['alive', 'alive', 'alive']);
    silent.run(3_400);
    expect(everyoneSees(silent, silent.node(1))).toEqual(['down', 'down', 'down']);
  });

  it('takes back who comes back, with its disk and without it', () => {
    for (const wipe of [false, true]) {
      const world = started();
      const node = world.node(1);
      world.powerOff(node);
      world.run(5_000);
      if (wipe) node.disk.wipe();
      world.start(node);
      world.run(12_000);
      expect(everyoneSees(world, node)).toEqual(['alive', 'alive', 'alive']);
      expect(node.disk.state.epoch).toBe(2);
    }
  });

  it('calls a frozen process down and has it back with a new epoch', () => {
    const world = started();
    const node = world.node(2);
    world.freeze(node);
    world.run(5_000);
    expect(everyoneSees(world, node)).toEqual(['down', 'down', 'down']);
    world.thaw(node);
    world.run(5_000);
    expect(everyoneSees(world, node)).toEqual(['alive', 'alive', 'alive']);
  });

  it('heals from a partition into halves by itself', () => {
    const world = started();
    const [left, right] = [world.nodes.slice(0, 2), world.nodes.slice(2)];
    for (const a of left) for (const b of right) for (const pair of both(a, b)) world.network.cut(...pair);
    world.run(8_000);
    expect(stateOf(world.node(0), world.node(2))).toBe('unknown');
    for (const a of left) for (const b of right) for (const pair of both(a, b)) world.network.mend(...pair);
    world.run(12_000);
    for (const node of world.nodes) expect(everyoneSees(world, node)).toEqual(['alive', 'alive', 'alive']);
  });

  it('counts nobody alive within a second of its revocation, though the CA reaches one node only', () => {
    const world = started();
    for (const node of world.nodes.slice(1)) node.reachesCa = false;
    const node = world.node(3);
    world.revoke(node);
    world.run(1_000);
    expect(everyoneSees(world, node)).toEqual(['revoked', 'revoked', 'revoked']);
    expect(world.nodes.slice(0, 3).map((other) => world.network.isConnected(other, node))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('sees a member that leaves as left, and one that was renewed as alive', () => {
    const world = started();
    world.leave(world.node(1));
    world.renew(world.node(2));
    world.run(3_000);
    expect(everyoneSees(world, world.node(1))).toEqual(['left', 'left', 'left']);
    expect(everyoneSees(world, world.node(2))).toEqual(['alive', 'alive']);
  });

  it('gets through loss, which only shows as delay', () => {
    const world = started({ weather: { loss: 0.1 } });
    world.run(30_000);
    for (const node of world.nodes) expect(everyoneSees(world, node)).not.toContain('down');
  });

  it('counts what its nodes do', () => {
    const world = started();
    const { costs } = world.node(0);
    expect(costs.signed).toBeGreaterThan(2);
    expect(costs.verified).toBeGreaterThan(6);
    expect(costs.bytesOut).toBeGreaterThan(1_000);
    expect(world.history.lines.length).toBeGreaterThan(10);
  });
});

function both(a: SimNode, b: SimNode): readonly (readonly [SimNode, SimNode])[] {
  return [
    [a, b],
    [b, a],
  ];
}
