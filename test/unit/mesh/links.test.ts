import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeMessage, MAX_FRAME_BYTES_BEFORE_HELLO } from '../../../src/link/index.ts';
import type { FaultCode } from '../../../src/std/index.ts';
import { testKey } from '../../support/crypto.ts';
import { codesDuring, stateOf } from '../../support/expect-refused.ts';
import { HostileLink, HostileMember } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { makeTestPki, type TestIdentity } from '../../support/pki.ts';

let world: MeshWorld;

function startThree(): MeshWorld {
  const three = new MeshWorld(['a', 'b', 'm']);
  three.start('a');
  three.start('b');
  three.run(1_500);
  return three;
}

describe('a connection whose certificate is not good', () => {
  beforeAll(() => {
    world = startThree();
    world.revoke(['m'], ['a', 'b']);
    world.run(100);
  });

  function expectTurnedAway(code: FaultCode, chain: readonly Uint8Array[]): void {
    const { status } = stateOf(world, 'a') as { status: unknown };
    let link: HostileLink | undefined;
    const codes = codesDuring(world, 'a', () => {
      link = new HostileLink(world, 'a', chain);
      link.hello();
    });
    expect(codes).toEqual([code]);
    expect(link?.bye).toBe(code);
    expect(link?.messages('hello')).toEqual([]);
    expect(stateOf(world, 'a')).toMatchObject({ status });
    world.run(10);
    expect(link?.closed).toBe(true);
  }

  it('of another CA is told so', () => {
    expectTurnedAway('LS_TRUST_UNKNOWN_ISSUER', makeTestPki().node('b').chain);
  });

  it('with a signature that is not the CA’s is told so', () => {
    const forged = world.pki.node('b', { signedBy: testKey() });
    expectTurnedAway('LS_TRUST_SIGNATURE', forged.chain);
  });

  it('of a CA of another trust domain is told so', () => {
    expectTurnedAway(
      'LS_TRUST_UNKNOWN_ISSUER',
      makeTestPki({ trustDomain: 'other.internal' }).node('b').chain,
    );
  });

  it('that has ended is told so', () => {
    expectTurnedAway('LS_TRUST_EXPIRED', world.pki.node('b', world.pki.faults.expired).chain);
  });

  it('that is not valid yet is told so', () => {
    expectTurnedAway('LS_TRUST_NOT_YET_VALID', world.pki.node('b', world.pki.faults.notYetValid).chain);
  });

  it('that is revoked is told so', () => {
    expectTurnedAway('LS_TRUST_REVOKED', world.node('m').identity.chain);
  });

  it('made for another use is told so', () => {
    expectTurnedAway('LS_TRUST_WRONG_ROLE', world.pki.node('b', world.pki.faults.wrongEku).chain);
  });

  it('of an operator is told so', () => {
    expectTurnedAway('LS_TRUST_WRONG_ROLE', world.pki.operator('olga').chain);
  });

  it('of a server is told so', () => {
    expectTurnedAway('LS_TRUST_WRONG_ROLE', world.pki.server('localhost').chain);
  });

  it('with another node name in a member’s identity is told so', () => {
    expectTurnedAway('LS_TRUST_NAME', world.pki.node('b', { spiffePath: 'node/z' }).chain);
  });

  it('missing altogether is told so', () => {
    expectTurnedAway('LS_TRUST_CHAIN_LENGTH', []);
  });

  it('that is the node’s own is told so', () => {
    expectTurnedAway('LS_LINK_SELF', world.node('a').identity.chain);
  });
});

describe('a member', () => {
  beforeEach(() => {
    world = startThree();
  });

  it.each(['removed', 'revoked'] as const)('that the roster lists as %s is refused and cut', (state) => {
    const mallory = new HostileMember(world, 'm');
    const before = mallory.link('a');
    expect(before.messages('hello')).toHaveLength(1);
    const codes = codesDuring(world, 'a', () => {
      world.publishRoster({ m: state });
    });
    expect(codes).toContain('LS_LINK_NOT_MEMBER');
    expect(before.bye).toBe('LS_LINK_NOT_MEMBER');
    const after = mallory.link('a');
    expect(after.bye).toBe('LS_LINK_NOT_MEMBER');
    expect(after.messages('hello')).toEqual([]);
  });

  it('and the node that refuses it both report why', () => {
    world.start('m');
    world.run(1_000);
    world.publishRoster({ m: 'removed' }, ['a']);
    world.run(100);
    expect(world.codes('a')).toContain('LS_LINK_NOT_MEMBER');
    const told = world.node('m').reports.filter(({ fault }) => fault.code === 'LS_LINK_REFUSED_BY_PEER');
    expect(told.map(({ fault }) => fault.detail).join()).toContain('LS_LINK_NOT_MEMBER');
  });
});

describe('a connection of a member that breaks the rules', () => {
  beforeAll(() => {
    world = startThree();
  });

  function expectCut(code: FaultCode, act: (link: HostileLink) => void, hello = false): void {
    const mallory = new HostileMember(world, 'm');
    const link = mallory.link('a', hello ? {} : 'silent');
    const codes = codesDuring(world, 'a', () => {
      act(link);
    });
    expect(codes).toEqual([code]);
    expect(link.bye).toBe(code);
    world.run(10);
    expect(link.closed).toBe(true);
    expect(world.peer('a', 'b').alive).toBe(true);
  }

  it('with a hello of another domain is cut', () => {
    expectCut('LS_LINK_WRONG_DOMAIN', (link) => {
      link.hello({ domainId: new Uint8Array(32).fill(1) });
    });
  });

  it('with a hello of versions nobody speaks is cut', () => {
    expectCut('LS_LINK_VERSION', (link) => {
      link.hello({ versionMin: 9, versionMax: 9 });
    });
  });

  it('with a record before the hello is cut and the record is not looked at', () => {
    const start = new HostileMember(world, 'm').epochStart(1);
    expectCut('LS_LINK_PROTOCOL', (link) => {
      link.record('epoch-start', start.bytes);
    });
    expect(world.peer('a', 'm').epoch).toBe(0);
  });

  it('with a second hello is cut', () => {
    expectCut(
      'LS_LINK_PROTOCOL',
      (link) => {
        link.hello();
      },
      true,
    );
  });

  it('with garbage is cut', () => {
    expectCut('LS_LINK_MESSAGE', (link) => {
      link.raw(Uint8Array.of(0, 0, 0, 3, 0xff, 0xff, 0xff));
    });
  });

  it('with garbage after the hello is cut', () => {
    expectCut(
      'LS_LINK_MESSAGE',
      (link) => {
        link.raw(Uint8Array.of(0, 0, 0, 3, 0xff, 0xff, 0xff));
      },
      true,
    );
  });

  it('with a message of no known kind is cut', () => {
    expectCut(
      'LS_LINK_MESSAGE_TYPE',
      (link) => {
        link.raw(Uint8Array.of(0, 0, 0, 2, 0x81, 0x17));
      },
      true,
    );
  });

  it('with an oversize frame is cut before the frame has arrived', () => {
    const bytes = MAX_FRAME_BYTES_BEFORE_HELLO + 1;
    expectCut('LS_LINK_FRAME_SIZE', (link) => {
      link.raw(Uint8Array.of(0, 0, bytes >> 8, bytes & 0xff));
    });
    expectCut(
      'LS_LINK_FRAME_SIZE',
      (link) => {
        link.raw(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
      },
      true,
    );
  });

  it('takes nothing of what follows in the same chunk', () => {
    const start = new HostileMember(world, 'm').epochStart(1);
    const record = encodeMessage({ kind: 'record', type: 'epoch-start', bytes: start.bytes });
    expectCut(
      'LS_LINK_MESSAGE',
      (link) => {
        link.raw(Uint8Array.of(0, 0, 0, 1, 0xff, ...record));
      },
      true,
    );
    expect(world.peer('a', 'm').epoch).toBe(0);
  });

  it('without a hello is closed after the time-out and reported', () => {
    const link = new HostileMember(world, 'm').link('a', 'silent');
    world.run(5_900);
    expect(link.bye).toBeUndefined();
    world.run(200);
    expect(link.bye).toBe('LS_LINK_HELLO_TIMEOUT');
    expect(link.closed).toBe(true);
    expect(world.codes('a')).toContain('LS_LINK_HELLO_TIMEOUT');
  });
});

describe('links of one pair', () => {
  it('that came up twice are one on both sides, and it carries heartbeats', () => {
    world = new MeshWorld(['a', 'b'], { dialGraceMs: 0 });
    world.startAll();
    world.run(3_000);
    for (const [name, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      expect(world.node(name).connections.size).toBe(1);
      expect(world.peer(name, other)).toMatchObject({ alive: true });
      expect(world.codes(name)).toEqual([]);
    }
    const dialled = ['a', 'b'].flatMap((name) =>
      world.node(name).effects.filter(({ kind }) => kind === 'dial'),
    );
    expect(dialled).toHaveLength(2);
    const ended = ['a', 'b'].flatMap((name) =>
      world.node(name).effects.filter(({ kind }) => kind === 'disconnect'),
    );
    expect(ended.length).toBeGreaterThan(0);
  });

  it('give way to a new process of the peer, whose old connection nobody has seen end', () => {
    world = startThree();
    const mallory = new HostileMember(world, 'm');
    const dead = mallory.link('a', { nonce: new Uint8Array(8).fill(1) });
    const fresh = mallory.link('a', { nonce: new Uint8Array(8).fill(2) });
    expect(dead.bye).toBe('LS_LINK_DUPLICATE');
    expect(fresh.bye).toBeUndefined();
    world.run(2_000);
    expect(fresh.records('heartbeat').length).toBeGreaterThan(0);
  });

  it('are closed and dialled anew when nothing comes for long', () => {
    world = startThree();
    const link = new HostileMember(world, 'm').link('a');
    world.run(19_000);
    expect(link.closed).toBe(false);
    world.run(2_000);
    expect(link.closed).toBe(true);
    expect(world.peer('a', 'b').alive).toBe(true);
  });

  it('end when their certificate does, and the peer is expired at once', () => {
    world = new MeshWorld(['a', 'b']);
    const until = world.pki.now + 5_000;
    const identity: TestIdentity = world.pki.node('c', { notAfter: until as typeof world.pki.now });
    world.enroll('c', identity);
    world.publishRoster({ c: 'active' });
    world.startAll();
    world.run(4_999);
    expect(world.peer('a', 'c').state).toBe('alive');
    expect(world.node('a').connections.size).toBe(2);
    world.run(30);
    for (const name of ['a', 'b']) {
      expect(world.codes(name)).toEqual(['LS_TRUST_EXPIRED']);
      expect(world.peer(name, 'c')).toMatchObject({ alive: false, state: 'expired' });
    }
    world.run(50);
    expect(world.node('c').connections.size).toBe(0);
  });
});
