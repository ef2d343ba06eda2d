import { beforeEach, describe, expect, it } from 'vitest';
import { assignObservers, type ObserverAssignment } from '../../../src/membership/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { rosterOf } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';

/* A mesh with more members than observers: 12, each observed by 5, of whom 3 make it down. */

const NAMES = Array.from({ length: 12 }, (_, i) => `n${String(i)}`);
const [FIRST = '', SECOND = ''] = NAMES;
const K = 5;
const H = 3;

let world: MeshWorld;
let rings: ObserverAssignment;

beforeEach(() => {
  world = new MeshWorld(NAMES);
  world.publishRoster({}, [], { k: K, h: H });
  world.startAll();
  world.run(4_000);
  rings = assignObservers(rosterOf(world), testCrypto);
});

const idOf = (name: string) => world.node(name).identity.nodeId;
const nameOf = (nodeId: string): string => NAMES.find((name) => idOf(name) === nodeId) ?? '?';
const observersOf = (name: string): readonly string[] => rings.observersOf(idOf(name)).map(nameOf);
const running = (): readonly string[] =>
  [...world.nodes.keys()].filter((name) => world.node(name).core !== undefined);
const linkedTo = (name: string): readonly string[] =>
  NAMES.filter(
    (other) => other !== name && world.node(name).core?.explain(other, world.now)?.link.up === true,
  );

function statesOf(subject: string): readonly string[] {
  return running()
    .filter((name) => name !== subject)
    .map((name) => world.peer(name, subject).state);
}

function heartbeatsReceived(name: string): number {
  return world.entries(name, 'heartbeat-received').length;
}

describe('on rings', () => {
  it('everybody counts everybody alive: who is not observed is vouched for', () => {
    for (const name of NAMES)
      for (const other of NAMES) {
        if (name === other) continue;
        const reason = observersOf(other).includes(name) ? 'heard' : 'vouched-for';
        expect(world.peer(name, other), `${name} of ${other}`).toMatchObject({ alive: true, reason });
      }
  });

  it('links are those between observers and observed, and heartbeats go to observers only', () => {
    for (const name of NAMES) {
      const neighbours = NAMES.filter(
        (other) => observersOf(name).includes(other) || observersOf(other).includes(name),
      );
      expect(new Set(linkedTo(name)), name).toEqual(new Set(neighbours));
    }
    const before = NAMES.map(heartbeatsReceived);
    world.run(5_000);
    for (const [i, name] of NAMES.entries()) {
      const observed = NAMES.filter((other) => observersOf(other).includes(name)).length;
      expect(heartbeatsReceived(name) - (before[i] ?? 0)).toBe(5 * observed);
    }
  });

  it('a death is known to all, with H accusations, and comes from observers only', () => {
    world.kill(FIRST);
    world.run(2_000);
    expect(new Set(statesOf(FIRST))).toEqual(new Set(['down']));
    for (const name of running())
      if (!observersOf(FIRST).includes(name)) expect(world.accusedBy(name)).toEqual([]);
  });

  it('a frozen member is down at all within about 3 intervals, and alive again after it thaws', () => {
    world.freeze(FIRST);
    world.run(4_000);
    expect(new Set(statesOf(FIRST))).toEqual(new Set(['down']));
    world.thaw(FIRST);
    world.run(8_000);
    expect(new Set(statesOf(FIRST))).toEqual(new Set(['alive']));
    for (const name of NAMES) if (name !== FIRST) expect(world.peer(FIRST, name).alive, name).toBe(true);
  });

  it('others take the place of observers that are down, so that a later death is found too', () => {
    // Three of its five observers die: two are fewer than H.
    const gone = observersOf(FIRST).slice(0, 3);
    for (const name of gone) world.kill(name);
    world.run(8_000);
    for (const name of gone) expect(new Set(statesOf(name)), name).toEqual(new Set(['down']));
    expect(new Set(statesOf(FIRST))).toEqual(new Set(['alive']));
    world.kill(FIRST);
    world.run(5_000);
    expect(new Set(statesOf(FIRST))).toEqual(new Set(['down']));
  });

  it('observers that left hand over their place, and take it again when they come back', () => {
    const [leaver = ''] = observersOf(FIRST);
    world.feed(world.node(leaver), { kind: 'leave', reason: 'test' });
    world.run(4_000);
    expect(world.accusedBy(leaver)).toEqual([]);
    const heirs = rings.observersOf(idOf(FIRST), new Set([idOf(leaver)])).map(nameOf);
    const [heir = ''] = heirs.filter((name) => !observersOf(FIRST).includes(name));
    expect(linkedTo(heir)).toContain(FIRST);
    expect(world.peer(heir, FIRST)).toMatchObject({ alive: true, reason: 'heard' });
    world.kill(leaver);
    world.start(leaver);
    world.run(8_000);
    expect(world.peer(leaver, FIRST)).toMatchObject({ alive: true, reason: 'heard' });
    expect(world.peer(heir, FIRST)).toMatchObject({ alive: true, reason: 'vouched-for' });
  });

  it('who is cut off from all its neighbours counts nobody alive, and is down for the others', () => {
    for (const name of NAMES) if (name !== FIRST) world.block(FIRST, name);
    world.run(8_000);
    for (const name of NAMES) if (name !== FIRST) expect(world.peer(FIRST, name).alive, name).toBe(false);
    expect(world.accusedBy(FIRST)).toEqual([]);
    for (const name of NAMES) if (name !== FIRST) expect(world.peer(name, FIRST).state, name).toBe('down');
    world.heal();
    world.run(15_000);
    for (const name of NAMES) if (name !== FIRST) expect(world.peer(FIRST, name).alive, name).toBe(true);
    expect(new Set(statesOf(FIRST))).toEqual(new Set(['alive']));
  });

  it('members of an old roster in which nobody was active yet find each other', () => {
    world = new MeshWorld(NAMES);
    world.publishRoster(Object.fromEntries(NAMES.map((name) => [name, 'enrolled'])), [], { k: 1, h: 1 });
    world.startAll();
    world.run(3_000);
    for (const name of NAMES) expect(linkedTo(name).length, name).toBeGreaterThanOrEqual(H);
  });

  it('a newcomer is linked, heard and counted alive by all', () => {
    world.enroll('late');
    world.publishRoster({ late: 'active' }, undefined, { k: K, h: H });
    world.start('late');
    world.run(8_000);
    for (const name of NAMES) {
      expect(world.peer(name, 'late').alive, name).toBe(true);
      expect(world.peer('late', name).alive, name).toBe(true);
    }
  });

  it('a newcomer agrees with the others although one was revoked before it came', () => {
    world.revoke([FIRST], NAMES);
    world.publishRoster({ [FIRST]: 'revoked' }, undefined, { k: K, h: H });
    world.kill(FIRST);
    world.run(2_000);
    world.enroll('late');
    world.publishRoster({ [FIRST]: 'revoked', late: 'active' }, undefined, { k: K, h: H });
    world.start('late');
    world.run(8_000);
    for (const name of NAMES.slice(1)) {
      expect(world.peer(name, 'late').alive, name).toBe(true);
      expect(world.peer('late', name).alive, name).toBe(true);
    }
  });

  it('links that nobody observes over any more are given up after a while, without a word of loss', () => {
    const some = NAMES.slice(0, 7);
    world = new MeshWorld(some);
    world.publishRoster({}, [], { k: K, h: H });
    world.startAll();
    world.run(3_000);
    world.publishRoster({}, undefined, { k: 2, h: 2 });
    world.run(36_000);
    rings = assignObservers(rosterOf(world), testCrypto);
    for (const name of some) {
      const neighbours = some.filter(
        (other) => observersOf(name).includes(other) || observersOf(other).includes(name),
      );
      expect(new Set(linkedTo(name)), name).toEqual(new Set(neighbours));
      expect(world.codes(name), name).toEqual([]);
    }
    expect(new Set(statesOf(SECOND))).toEqual(new Set(['alive']));
  });
});
