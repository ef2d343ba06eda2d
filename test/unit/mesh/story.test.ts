import { beforeEach, describe, expect, it } from 'vitest';
import { MeshWorld } from '../../support/mesh-world.ts';

const NAMES = ['a', 'b', 'c'];

function others(name: string): string[] {
  return NAMES.filter((other) => other !== name);
}

let world: MeshWorld;

function expectAllAlive(): void {
  for (const name of NAMES) {
    for (const other of others(name)) {
      expect(world.peer(name, other), `${name} sees ${other}`).toMatchObject({ alive: true, state: 'alive' });
    }
    expect(world.status(name).quorate).toBe(true);
  }
}

describe('three nodes', () => {
  beforeEach(() => {
    world = new MeshWorld(NAMES);
    world.startAll();
    world.run(2_000);
  });

  it('come to count each other alive, without an accusation', () => {
    expectAllAlive();
    for (const name of NAMES) {
      expect(world.entries(name, 'accusation')).toEqual([]);
      expect(world.codes(name)).toEqual([]);
    }
  });

  it('stay alive for two minutes without a change of state', () => {
    const before = NAMES.map((name) => world.node(name).transitions.length);
    world.run(120_000);
    expectAllAlive();
    expect(NAMES.map((name) => world.node(name).transitions.length)).toEqual(before);
  });

  it('call a killed one down within a second and a half, with a certificate', () => {
    world.kill('c');
    world.run(1_500);
    for (const name of ['a', 'b']) {
      expect(world.peer(name, 'c')).toMatchObject({
        alive: false,
        state: 'down',
        reason: 'down-certificate',
      });
      expect(world.entries(name, 'down-certificate')).toHaveLength(1);
    }
    expect(world.peer('a', 'b').state).toBe('alive');
  });

  it('count a restarted one alive again in a new epoch, after the recovery delay', () => {
    world.kill('c');
    world.run(2_000);
    world.start('c');
    world.run(500);
    expect(world.peer('a', 'c')).toMatchObject({ alive: false, reason: 'recovering', epoch: 2 });
    world.run(4_000);
    expectAllAlive();
    expect(world.peer('a', 'c').epoch).toBe(2);
  });

  it('call a frozen one down and take it back once it thaws and has heard of its death', () => {
    world.freeze('c');
    world.run(5_000);
    expect(world.peer('a', 'c').state).toBe('down');
    expect(world.peer('b', 'c').state).toBe('down');
    world.thaw('c');
    world.run(6_000);
    expectAllAlive();
    expect(world.status('c').epoch).toBe(2);
    expect(world.codes('c')).toContain('LS_MESH_DECLARED_DOWN');
  });

  it('that were frozen themselves accuse nobody for the time they did not run', () => {
    world.freeze('c');
    world.run(2_000);
    world.thaw('c');
    world.run(3_000);
    expect(world.accusedBy('c')).toEqual([]);
    expectAllAlive();
  });

  it('take a short freeze for what it is', () => {
    world.freeze('c');
    world.run(1_200);
    world.thaw('c');
    world.run(3_000);
    expectAllAlive();
    expect(world.status('c').epoch).toBe(1);
  });

  it('cut off from everyone accuse nobody and call nobody down', () => {
    world.block('a', 'c');
    world.block('b', 'c');
    world.run(6_000);
    expect(world.accusedBy('c')).toEqual([]);
    for (const other of ['a', 'b']) {
      expect(world.peer('c', other)).toMatchObject({ alive: false, state: 'unknown', reason: 'inquorate' });
      expect(world.peer(other, 'c').state).toBe('down');
    }
    expect(world.status('c').quorate).toBe(false);
  });

  it('heal by themselves after a partition', () => {
    world.block('a', 'c');
    world.block('b', 'c');
    world.run(10_000);
    world.heal();
    world.run(15_000);
    expectAllAlive();
    expect(world.status('c').epoch).toBe(2);
  });

  it('suspect but keep one that a single observer cannot hear', () => {
    world.block('a', 'c');
    world.run(8_000);
    expect(world.peer('a', 'c').alive).toBe(true);
    expect(world.peer('b', 'c').alive).toBe(true);
    expect(world.peer('b', 'c').state).not.toBe('down');
    expect(world.entries('b', 'down-certificate')).toEqual([]);
  });

  it('of which two die leave a survivor that says unknown, never down', () => {
    world.kill('b');
    world.kill('c');
    world.run(6_000);
    for (const other of ['b', 'c']) expect(world.peer('a', other).state).toBe('unknown');
    expect(world.entries('a', 'down-certificate')).toEqual([]);
  });

  it('see a leave as a leave', () => {
    world.feed(world.node('c'), { kind: 'leave', reason: 'maintenance' });
    world.run(3_000);
    for (const name of ['a', 'b']) {
      expect(world.peer(name, 'c')).toMatchObject({ alive: false, state: 'left', reason: 'left' });
      expect(world.entries(name, 'accusation')).toEqual([]);
    }
    expect(world.node('c').stopped).toEqual({ fault: undefined });
  });

  it('take back one that left when it comes again', () => {
    world.feed(world.node('c'), { kind: 'leave', reason: 'maintenance' });
    world.run(1_000);
    world.start('c');
    world.run(2_000);
    expectAllAlive();
  });

  it('never use an epoch twice over any number of kills', () => {
    const epochs = [world.status('c').epoch];
    for (let round = 0; round < 10; round++) {
      world.kill('c');
      world.run(round * 7);
      world.start('c');
      world.run(300);
      epochs.push(world.status('c').epoch);
    }
    expect(new Set(epochs).size).toBe(epochs.length);
    expect([...epochs].sort((a, b) => a - b)).toEqual(epochs);
  });
});

describe('a node with a bad disk', () => {
  beforeEach(() => {
    world = new MeshWorld(NAMES);
    world.startAll();
    world.run(2_000);
  });

  it('keeps beating when its disk is full, flagged, and names the hole when there is room again', () => {
    world.node('c').disk = 'full';
    world.run(5_000);
    expect(world.peer('a', 'c')).toMatchObject({ alive: true, flags: ['unlogged'] });
    expect(world.status('c').ledgerHealthy).toBe(false);
    world.node('c').disk = 'good';
    world.run(3_000);
    expect(world.peer('a', 'c')).toMatchObject({ alive: true, flags: [] });
    const gaps = world.entries('c', 'gap');
    expect(gaps.length).toBeGreaterThan(0);
    expect(gaps[0]?.count).toBeGreaterThanOrEqual(4);
    expectAllAlive();
  });

  it('keeps beating in time when its disk is slow', () => {
    world.node('c').disk = 'slow';
    world.run(10_000);
    expect(world.peer('a', 'c').alive).toBe(true);
    expect(
      world.node('a').transitions.filter((change) => change.name === 'c' && change.to === 'down'),
    ).toEqual([]);
    expect(world.codes('c')).toContain('LS_MESH_SLOW_LEDGER');
  });

  it('does not accuse anyone while it cannot log the accusation', () => {
    world.node('c').disk = 'full';
    world.run(1_000);
    world.kill('b');
    world.run(3_000);
    expect(world.accusedBy('a')).toEqual(['b']);
    expect(world.accusedBy('c')).toEqual([]);
    expect(world.peer('a', 'b').state).toBe('suspect');
    expect(world.codes('c')).toContain('LS_MESH_ACCUSATION_NOT_DURABLE');
  });

  it('refuses to start an epoch that it cannot store', () => {
    world.kill('c');
    world.node('c').disk = 'full';
    world.start('c');
    world.run(1_000);
    expect(world.node('c').stopped?.fault?.code).toBe('LS_MESH_EPOCH_NOT_DURABLE');
  });
});
