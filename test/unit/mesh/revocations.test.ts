import { beforeEach, describe, expect, it } from 'vitest';
import { unixMs } from '../../../src/std/index.ts';
import { testKey } from '../../support/crypto.ts';
import { codesDuring, expectIgnored, expectRefused } from '../../support/expect-refused.ts';
import { HostileMember, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { makeTestPki } from '../../support/pki.ts';

let world: MeshWorld;
let mallory: HostileMember;
let link: HostileLink;

beforeEach(() => {
  world = new MeshWorld(['a', 'b', 'c', 'm']);
  for (const name of ['a', 'b', 'c']) world.start(name);
  mallory = new HostileMember(world, 'm');
  world.run(1_200);
  link = mallory.link('a');
});

const crl = (options: Parameters<typeof world.pki.crl>[0]): Uint8Array =>
  world.pki.crl({ thisUpdate: world.now.wall, ...options });

describe('a CRL that a member brings is refused, and changes nothing,', () => {
  const refuse = (code: Parameters<typeof expectRefused>[2], der: Uint8Array): void => {
    expectRefused(world, 'a', code, () => {
      link.send({ kind: 'crl', delta: false, der });
    });
  };

  it('when mallory signed it', () => {
    refuse('LS_CRL_SIGNATURE', crl({ number: 9, revoked: [world.node('b').identity], signedBy: testKey() }));
    refuse('LS_CRL_SIGNATURE', crl({ number: 9, signedBy: mallory.identity.key }));
  });

  it('when another CA signed it', () => {
    const other = makeTestPki().crl({ number: 9, thisUpdate: world.now.wall });
    expect(
      codesDuring(world, 'a', () => {
        link.send({ kind: 'crl', delta: false, der: other });
      }),
    ).toEqual([expect.stringMatching(/^LS_CRL_/)]);
    expect(world.status('a').crlNumber).toBe(1);
  });

  it('when it takes a revocation back', () => {
    world.revoke(['b'], ['a']);
    world.run(50);
    link = mallory.link('a');
    refuse('LS_CRL_OMITS_ENTRY', crl({ number: 9 }));
    expect(world.codes('a', ['warn'])).toContain('LS_CRL_OMITS_ENTRY');
    expect(world.peer('a', 'b').state).toBe('revoked');
  });

  it('when it is older than the one in force', () => {
    world.revoke(['b'], ['a']);
    world.run(50);
    link = mallory.link('a');
    refuse('LS_CRL_STALE', world.pki.crl({ number: 1 }));
    expect(world.codes('a')).not.toContain('LS_CRL_STALE');
  });

  it('when it has the number of the one in force and says something else', () => {
    refuse('LS_CRL_CONFLICT', crl({ number: 1, revoked: [world.node('b').identity] }));
  });

  it('when it is a delta on a full one that nobody holds', () => {
    refuse('LS_CRL_DELTA_BASE', world.pki.deltaCrl({ number: 9, base: 8, thisUpdate: world.now.wall }));
  });

  it('when it is of the future', () => {
    refuse('LS_CRL_FROM_FUTURE', crl({ number: 9, thisUpdate: unixMs(world.now.wall + 400 * 86_400_000) }));
  });

  it('when it is garbage', () => {
    for (const der of [Uint8Array.of(0), crl({ number: 9 }).slice(0, -1)]) {
      const codes = codesDuring(world, 'a', () => {
        link.send({ kind: 'crl', delta: false, der });
      });
      expect(codes).toHaveLength(1);
      expect(world.status('a').crlNumber).toBe(1);
    }
  });

  it('and one that is held already is no news', () => {
    const same = world.revoke(['b'], ['a']);
    world.run(50);
    link = mallory.link('a');
    expectIgnored(world, 'a', () => {
      link.send({ kind: 'crl', delta: false, der: same });
    });
  });
});

describe('a revocation', () => {
  it('that one node learns reaches all others through the mesh', () => {
    world.revoke(['m'], ['c']);
    world.run(60);
    for (const name of ['a', 'b', 'c']) {
      expect(world.status(name).crlNumber).toBe(2);
      expect(world.peer(name, 'm')).toMatchObject({ alive: false });
      expect(world.entries(name, 'crl')).toHaveLength(1);
      const acknowledged = world
        .node(name)
        .effects.filter(({ kind }) => kind === 'acknowledge')
        .at(-1);
      expect(acknowledged).toMatchObject({ crlNumber: 2 });
    }
  });

  it('reaches them through a member that brings it, and one that was cut off when it comes back', () => {
    world.block('a', 'c');
    world.block('b', 'c');
    link.send({ kind: 'crl', delta: false, der: world.revoke(['m'], []) });
    world.run(1_000);
    expect(world.status('b').crlNumber).toBe(2);
    expect(world.status('c').crlNumber).toBe(1);
    world.heal();
    world.run(3_000);
    expect(world.status('c').crlNumber).toBe(2);
  });

  it('cuts the link at once, with the CRL and a goodbye that says why', () => {
    link.record('epoch-start', mallory.epochStart().bytes);
    link.record('heartbeat', mallory.heartbeat().bytes);
    expect(world.peer('a', 'm').alive).toBe(true);
    world.revoke(['m'], ['a']);
    expect(world.peer('a', 'm')).toMatchObject({ alive: false, state: 'revoked' });
    expect(link.messages('crl').length).toBeGreaterThan(0);
    expect(link.bye).toBe('LS_TRUST_REVOKED');
    expect(world.codes('a')).toContain('LS_TRUST_REVOKED');
    world.run(10);
    expect(link.closed).toBe(true);
    expect(mallory.link('a').bye).toBe('LS_TRUST_REVOKED');
  });

  it('cuts a link of an honest node too, and both sides know', () => {
    world.revoke(['c'], ['a']);
    world.run(50);
    expect(world.codes('a')).toContain('LS_TRUST_REVOKED');
    expect(world.codes('c')).toContain('LS_SELF_REVOKED');
    expect(world.codes('c')).toContain('LS_LINK_REFUSED_BY_PEER');
    expect(world.node('c').connections.size).toBe(0);
  });

  it('makes its subject fall silent: no heartbeat, no accusation, no epoch', () => {
    world.revoke(['c'], ['c']);
    world.run(100);
    const beats = world.entries('c', 'heartbeat-sent').length;
    world.kill('a');
    world.kill('b');
    world.run(8_000);
    expect(world.status('c')).toMatchObject({ state: 'revoked', epoch: 1 });
    expect(world.entries('c', 'heartbeat-sent')).toHaveLength(beats);
    expect(world.accusedBy('c')).toEqual([]);
    expect(world.codes('c').filter((code) => code === 'LS_SELF_REVOKED')).toHaveLength(1);
  });

  it('is not undone by a restart, nor does the revoked one come up again', () => {
    world.revoke(['m'], ['a']);
    world.run(50);
    world.kill('a');
    world.start('a');
    world.run(500);
    expect(mallory.link('a').bye).toBe('LS_TRUST_REVOKED');
  });
});

describe('a peer that always claims to have no CRL', () => {
  it('is served at most every two seconds', () => {
    world.revoke(['b'], ['a']);
    link = mallory.link('a', { crlNumber: 0 });
    link.record('epoch-start', mallory.epochStart().bytes);
    for (let i = 0; i < 60; i++) {
      world.run(100);
      link.record('heartbeat', mallory.heartbeat({ crlNumber: 0, rosterNumber: 0 }).bytes);
    }
    expect(link.messages('crl').length).toBeGreaterThanOrEqual(3);
    expect(link.messages('crl').length).toBeLessThanOrEqual(4);
    expect(link.records('roster').length).toBeLessThanOrEqual(4);
  });
});

describe('a delta CRL that releases a revocation', () => {
  it('is reported, leaves it revoked, and revokes whom else it names', () => {
    const [held, named] = ['b', 'c'].map((name) => world.node(name).identity);
    if (held === undefined || named === undefined) throw new Error('the world has b and c');
    link.send({ kind: 'crl', delta: false, der: crl({ number: 5, revoked: [held] }) });
    world.run(50);
    link = mallory.link('a');
    const entry = { revokedAt: world.now.wall, invalidityDate: undefined };
    const der = world.pki.deltaCrl({
      number: 6,
      base: 5,
      thisUpdate: world.now.wall,
      revoked: [
        { ...entry, serialHex: held.certificate.serialHex, reason: 'removeFromCRL' },
        { ...entry, serialHex: named.certificate.serialHex, reason: 'keyCompromise' },
      ],
    });
    link.send({ kind: 'crl', delta: true, der });
    world.run(50);
    expect(world.codes('a', ['warn'])).toContain('LS_CRL_OMITS_ENTRY');
    expect(['b', 'c'].map((name) => world.peer('a', name).state)).toEqual(['revoked', 'revoked']);
  });
});

describe('a CRL of the root', () => {
  it('that revokes the issuing CA leaves nobody alive, wherever it came in', () => {
    expect(world.peer('b', 'c').alive).toBe(true);
    const der = world.pki.rootCrl({ number: 2, revoked: [world.pki.issuing], thisUpdate: world.now.wall });
    world.feed(world.node('a'), { kind: 'crl', der });
    world.run(1_000);
    for (const [observer, subject] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
    ] as const) {
      expect(world.peer(observer, subject).alive, observer).toBe(false);
    }
  });

  it('that is newer is taken and passed on, and changes nothing else', () => {
    const der = world.pki.rootCrl({ number: 2, thisUpdate: world.now.wall });
    world.feed(world.node('a'), { kind: 'crl', der });
    world.run(1_000);
    expect(world.peer('b', 'c').alive).toBe(true);
    expectRefused(world, 'b', 'LS_CRL_STALE', () => {
      world.feed(world.node('b'), { kind: 'crl', der: world.pki.rootCrl({ number: 1 }) });
    });
  });
});
