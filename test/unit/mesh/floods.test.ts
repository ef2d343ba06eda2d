import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_DIGEST_IDS as LINK_DIGEST_IDS, type Message } from '../../../src/link/index.ts';
import { decodeHeartbeat } from '../../../src/heartbeat/index.ts';
import { MAX_REBUTS } from '../../../src/mesh/beater.ts';
import { MAX_DIGEST_IDS } from '../../../src/mesh/gossip.ts';
import { LINK_MESSAGES_BURST, LINK_MESSAGES_PER_SECOND } from '../../../src/mesh/link.ts';
import { MEMBER_MESSAGES_BURST } from '../../../src/mesh/member-limits.ts';
import { unixMs } from '../../../src/std/index.ts';
import { HostileMember, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { valueOf } from '../../support/result.ts';

let world: MeshWorld;
let mallory: HostileMember;
let link: HostileLink;

beforeEach(() => {
  world = new MeshWorld(['a', 'b', 'm']);
  world.start('a');
  world.start('b');
  mallory = new HostileMember(world, 'm');
  world.run(1_200);
  link = mallory.link('a');
});

describe('a flood', () => {
  const messages: readonly Message[] = [
    { kind: 'record', type: 'heartbeat', bytes: Uint8Array.of(1) },
    { kind: 'down', certificate: Uint8Array.of(1) },
    { kind: 'crl', delta: false, der: Uint8Array.of(1) },
    { kind: 'issuer', der: Uint8Array.of(1) },
    { kind: 'digest', ids: [] },
    { kind: 'want', ids: [] },
    { kind: 'ping', token: 1 },
    { kind: 'pong', token: 1 },
  ];

  it.each(messages.map((message) => [message.kind, message] as const))(
    'of %s messages cuts the link at the bound, and nobody else is touched',
    (_kind, message) => {
      for (let i = 0; i < LINK_MESSAGES_BURST; i++) link.send(message);
      expect(link.bye).toBeUndefined();
      link.send(message);
      expect(link.bye).toBe('LS_MESH_FLOOD');
      link.send(message);
      expect(world.codes('a').filter((code) => code === 'LS_MESH_FLOOD')).toHaveLength(1);
      world.run(200);
      expect(link.closed).toBe(true);
      expect(world.peer('a', 'b').alive).toBe(true);
      expect(world.peer('b', 'a').alive).toBe(true);
    },
  );

  it('in one chunk stops at the bound as well', () => {
    const start = mallory.epochStart().bytes;
    for (let i = 0; i < LINK_MESSAGES_BURST; i++) link.send({ kind: 'pong', token: 1 });
    link.record('epoch-start', start);
    expect(link.bye).toBe('LS_MESH_FLOOD');
    expect(world.peer('a', 'm').epoch).toBe(0);
  });

  it('on link after link is one flood: who was cut and comes back goes on where it was', () => {
    for (let sent = 0; sent < MEMBER_MESSAGES_BURST; sent += LINK_MESSAGES_BURST) {
      for (let i = 0; i < LINK_MESSAGES_BURST; i++) link.send({ kind: 'pong', token: 1 });
      expect(link.bye).toBeUndefined();
      link = mallory.link('a');
    }
    link.send({ kind: 'pong', token: 1 });
    expect(link.bye).toBe('LS_MESH_FLOOD');
    expect(world.peer('a', 'b').alive).toBe(true);
    // With the time it may speak again, and no more at once than has come together since.
    world.run(1_000);
    link = mallory.link('a');
    for (let i = 0; i < LINK_MESSAGES_PER_SECOND / 2; i++) link.send({ kind: 'pong', token: 1 });
    expect(link.bye).toBeUndefined();
    for (let i = 0; i < LINK_MESSAGES_PER_SECOND; i++) link.send({ kind: 'pong', token: 1 });
    expect(link.bye).toBe('LS_MESH_FLOOD');
  });

  it('is measured over time: the permitted rate goes on for ever', () => {
    for (let second = 0; second < 15; second++) {
      world.run(1_000);
      for (let i = 0; i < LINK_MESSAGES_PER_SECOND; i++) link.send({ kind: 'pong', token: 1 });
    }
    world.run(1_000);
    for (let i = 0; i < LINK_MESSAGES_BURST; i++) link.send({ kind: 'pong', token: 1 });
    expect(link.bye).toBeUndefined();
    link.send({ kind: 'pong', token: 1 });
    expect(link.bye).toBe('LS_MESH_FLOOD');
  });
});

describe('a digest', () => {
  it('shows at most what one message holds', () => {
    expect(MAX_DIGEST_IDS).toBeLessThanOrEqual(LINK_DIGEST_IDS);
  });

  it('of things nobody has is asked for once, and an answer of nothing leads nowhere', () => {
    const ids = Array.from({ length: LINK_DIGEST_IDS }, (_, i) => new Uint8Array(16).fill(i % 251));
    link.send({ kind: 'digest', ids });
    expect(link.messages('want').at(-1)?.ids).toHaveLength(LINK_DIGEST_IDS);
    const before = link.messages('record').length;
    link.send({ kind: 'want', ids });
    expect(link.messages('record')).toHaveLength(before);
  });

  it('makes a newcomer ask for what it lacks and get it', () => {
    const shown = link.messages('digest').flatMap(({ ids }) => ids);
    expect(shown.length).toBeGreaterThanOrEqual(2);
    link.send({ kind: 'want', ids: shown });
    expect(link.records('epoch-start').length).toBeGreaterThanOrEqual(2);
  });
});

describe('accusations of one node by the score', () => {
  it('are answered, never more in one heartbeat than it holds, and the node goes on', () => {
    const own = mallory.link('b');
    own.record('epoch-start', mallory.epochStart().bytes);
    const bytes = own.records('heartbeat').at(-1) ?? new Uint8Array();
    const victim = world.node('b').identity;
    for (let i = 0; i < 3 * MAX_REBUTS + 1; i++) {
      own.record('accusation', mallory.accuse(victim, { type: 'heartbeat', bytes }, { tMs: unixMs(i + 1) }));
    }
    world.run(2_000);
    const answers = world
      .entries('b', 'heartbeat-sent')
      .map(({ record }) => valueOf(decodeHeartbeat(record)).body.rebuts?.length ?? 0);
    expect(Math.max(...answers)).toBeLessThanOrEqual(MAX_REBUTS);
    expect(answers.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(MAX_REBUTS);
    expect(world.peer('a', 'b')).toMatchObject({ alive: true, state: 'alive' });
  });
});
