import { beforeEach, describe, expect, it } from 'vitest';
import { announcing, decodeHeartbeat, HEARTBEAT_FLAGS } from '../../../src/heartbeat/index.ts';
import { assignObservers } from '../../../src/membership/index.ts';
import type { NodeModes } from '../../../src/mesh/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { HostileMember, rosterOf } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { valueOf } from '../../support/result.ts';

const MAINTENANCE: NodeModes = { maintenance: true, draining: false };
const BOTH: NodeModes = { maintenance: true, draining: true };
const NONE: NodeModes = { maintenance: false, draining: false };

function put(world: MeshWorld, name: string, modes: NodeModes): void {
  world.modes.set(name, modes);
  world.feed(world.node(name), { kind: 'modes', modes });
}

const reasonsOf = (world: MeshWorld, observer: string, subject: string): readonly string[] =>
  world
    .node(observer)
    .transitions.filter(({ name }) => name === subject)
    .map(({ reason }) => reason);

describe('a node that its operator puts into maintenance', () => {
  let world: MeshWorld;

  beforeEach(() => {
    world = new MeshWorld(['a', 'b', 'c']);
    world.startAll();
    world.run(3_100);
  });

  it('says so at once, and stays alive to all', () => {
    put(world, 'a', MAINTENANCE);
    world.run(50);
    expect(world.status('a').flags).toEqual(['maintenance']);
    for (const other of ['b', 'c']) {
      expect(world.peer(other, 'a')).toMatchObject({ state: 'alive', alive: true, flags: ['maintenance'] });
      expect(world.node(other).transitions.at(-1)).toMatchObject({
        name: 'a',
        from: 'alive',
        to: 'alive',
        reason: 'maintenance-on',
        flags: ['maintenance'],
      });
    }
  });

  it('tells each change once, and nothing when nothing changed', () => {
    put(world, 'a', BOTH);
    world.run(2_500);
    put(world, 'a', BOTH);
    world.run(2_500);
    put(world, 'a', NONE);
    world.run(2_500);
    expect(world.peer('b', 'a').flags).toEqual([]);
    const reasons = ['maintenance-on', 'draining-on', 'maintenance-off', 'draining-off'];
    expect(reasonsOf(world, 'b', 'a').slice(-4)).toEqual(reasons);
    const announcements = world
      .entries('a', 'heartbeat-sent')
      .map(({ record }) => valueOf(decodeHeartbeat(record)).body.ext.size);
    expect(announcements.filter((size) => size > 0)).toHaveLength(2);
  });

  it('is in it while it is down, and again in its next epoch without a word between', () => {
    put(world, 'a', MAINTENANCE);
    world.run(1_000);
    world.kill('a');
    world.run(3_000);
    expect(world.peer('b', 'a')).toMatchObject({ state: 'down', flags: ['maintenance'] });
    world.start('a');
    world.run(4_000);
    expect(world.peer('b', 'a')).toMatchObject({ state: 'alive', epoch: 2, flags: ['maintenance'] });
    expect(reasonsOf(world, 'b', 'a').filter((reason) => reason.startsWith('maintenance'))).toEqual([
      'maintenance-on',
    ]);
  });

  it('is no more in it after a restart without', () => {
    put(world, 'a', MAINTENANCE);
    world.run(1_000);
    world.kill('a');
    world.modes.set('a', NONE);
    world.run(3_000);
    world.start('a');
    world.run(4_000);
    expect(world.peer('b', 'a')).toMatchObject({ state: 'alive', flags: [] });
    expect(reasonsOf(world, 'b', 'a')).toContain('maintenance-off');
  });

  it('tells who comes later', () => {
    world.kill('c');
    put(world, 'a', MAINTENANCE);
    world.run(4_000);
    world.start('c');
    world.run(4_000);
    expect(world.peer('c', 'a').flags).toEqual(['maintenance']);
  });
});

describe('on rings', () => {
  const NAMES = Array.from({ length: 12 }, (_, i) => `n${String(i)}`);
  const SUBJECT = 'n0';
  let world: MeshWorld;
  let strangers: readonly string[];

  beforeEach(() => {
    world = new MeshWorld(NAMES);
    world.publishRoster({}, [], { k: 5, h: 3 });
    world.startAll();
    world.run(4_000);
    const rings = assignObservers(rosterOf(world), testCrypto);
    const observers = rings.observersOf(world.node(SUBJECT).identity.nodeId);
    strangers = NAMES.filter(
      (name) => name !== SUBJECT && !observers.includes(world.node(name).identity.nodeId),
    );
    expect(strangers).not.toHaveLength(0);
  });

  const flagsSeen = (): readonly string[] =>
    NAMES.filter((name) => name !== SUBJECT && world.node(name).core !== undefined).map((name) =>
      world.peer(name, SUBJECT).flags.join(','),
    );

  it('those that do not observe a node learn of its modes too, on and off', () => {
    put(world, SUBJECT, BOTH);
    world.run(1_000);
    expect(new Set(flagsSeen())).toEqual(new Set(['maintenance,draining']));
    put(world, SUBJECT, NONE);
    world.run(1_000);
    expect(new Set(flagsSeen())).toEqual(new Set(['']));
  });

  it('who was away meanwhile learns of it by digests, and nobody asks for it for ever', () => {
    const [away = ''] = strangers;
    world.kill(away);
    put(world, SUBJECT, MAINTENANCE);
    world.run(5_000);
    world.start(away);
    world.run(12_000);
    expect(world.peer(away, SUBJECT).flags).toEqual(['maintenance']);
    expect(world.peer(away, SUBJECT).alive).toBe(true);
    for (const name of NAMES) expect(world.status(name).viewStale, name).toBe(false);
  });
});

describe('a member with a key and no rules', () => {
  it('announces modes to who does not hear it, once per signed record, and never for another', () => {
    const world = new MeshWorld(['a', 'm', 's', 'x']);
    world.start('a');
    world.run(1_200);
    const subject = new HostileMember(world, 's');
    const mallory = new HostileMember(world, 'm');
    const relay = mallory.link('a');
    relay.record('epoch-start', mallory.epochStart().bytes);
    relay.record('epoch-start', subject.epochStart().bytes);
    const flags = HEARTBEAT_FLAGS.draining;
    const { seq, prev } = subject;
    relay.record(
      'heartbeat',
      subject.heartbeat({ flags, ext: announcing(flags) }, { signer: mallory.identity.key }).bytes,
    );
    expect(world.peer('a', 's').flags).toEqual([]);
    [subject.seq, subject.prev] = [seq, prev];
    const announcement = subject.heartbeat({ flags, ext: announcing(flags) }).bytes;
    relay.record('heartbeat', announcement);
    expect(world.peer('a', 's')).toMatchObject({ flags: ['draining'], state: 'unknown' });
    relay.record('heartbeat', subject.heartbeat().bytes);
    relay.record('heartbeat', announcement);
    expect(world.peer('a', 's').flags).toEqual([]);
  });

  it('whose announcement was overtaken is remembered as having announced, and its flags stay the newest', () => {
    const world = new MeshWorld(['a', 'm', 's', 'x']);
    world.start('a');
    world.run(1_200);
    const subject = new HostileMember(world, 's');
    const link = subject.link('a');
    const later = new HostileMember(world, 'x').link('a');
    link.record('epoch-start', subject.epochStart().bytes);
    const flags = HEARTBEAT_FLAGS.draining;
    const late = subject.heartbeat({ flags, ext: announcing(flags) }).bytes;
    link.record('heartbeat', subject.heartbeat().bytes);
    link.record('heartbeat', late);
    expect(world.peer('a', 's')).toMatchObject({ flags: [], seq: 2 });
    expect(later.records('heartbeat')).toContainEqual(late);
  });
});
