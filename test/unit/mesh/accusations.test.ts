import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeHeartbeat } from '../../../src/heartbeat/index.ts';
import { assignObservers, decodeAccusation, type Accusation } from '../../../src/membership/index.ts';
import { unixMs, type DomainId } from '../../../src/std/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { expectIgnored, expectRefused } from '../../support/expect-refused.ts';
import { HostileMember, rosterOf, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import type { TestIdentity } from '../../support/pki.ts';
import { valueOf } from '../../support/result.ts';

/* Mallory, 'm', is a member with a valid key. 'a', 'b' and 'c' run production cores. */

let world: MeshWorld;
let mallory: HostileMember;
let link: HostileLink;
let victim: TestIdentity;
/** The newest heartbeat of the victim b. */
let last: Accusation['last'];

function join(who: HostileMember, target: string): HostileLink {
  const joined = who.link(target);
  joined.record('epoch-start', who.epochStart().bytes);
  joined.record('heartbeat', who.heartbeat().bytes);
  return joined;
}

function start(names: readonly string[] = ['a', 'b', 'c', 'm']): void {
  world = new MeshWorld(names);
  for (const name of ['a', 'b', 'c']) world.start(name);
  mallory = new HostileMember(world, 'm');
  world.run(1_200);
  const tap = mallory.link('b');
  last = { type: 'heartbeat', bytes: tap.records('heartbeat').at(-1) ?? new Uint8Array() };
  victim = world.node('b').identity;
  link = join(mallory, 'a');
}

function epochStartOf(name: string): Accusation['last'] {
  return {
    type: 'epoch-start',
    bytes: new HostileMember(world, 'm').link(name).records('epoch-start')[0] ?? new Uint8Array(),
  };
}

describe('an accusation is refused, and changes nothing,', () => {
  beforeAll(() => {
    start();
  });

  const refuse = (code: Parameters<typeof expectRefused>[2], accusation: () => Uint8Array): void => {
    const bytes = accusation();
    expectRefused(world, 'a', code, () => {
      link.record('accusation', bytes);
    });
  };

  it('when its signature is not by the key it names', () => {
    refuse('LS_RECORD_SIGNATURE', () => mallory.accuse(victim, last, {}, { signer: testKey() }));
  });

  it('when mallory signs in the name of another observer', () => {
    const { certId } = world.node('c').identity;
    refuse('LS_RECORD_SIGNATURE', () => mallory.accuse(victim, last, { certId }));
  });

  it('when it was made for another domain', () => {
    const domainId = new Uint8Array(32).fill(1) as unknown as DomainId;
    refuse('LS_RECORD_SIGNATURE', () => mallory.accuse(victim, last, {}, { domainId }));
  });

  it('when its signer is not known', () => {
    const outsider = new HostileMember(world, world.pki.node('outsider'));
    refuse('LS_ACCUSATION_UNKNOWN_KEY', () => outsider.accuse(victim, last));
  });

  it('on a ring where its signer does not observe', () => {
    const ring =
      assignObservers(rosterOf(world), testCrypto).ringOf(mallory.identity.nodeId, victim.nodeId) ?? 0;
    for (const wrong of [ring + 1, ring + 7, 9_000]) {
      refuse('LS_ACCUSATION_NOT_OBSERVER', () => mallory.accuse(victim, last, { ring: wrong }));
    }
  });

  it('for another epoch than its evidence', () => {
    refuse('LS_ACCUSATION_EPOCH', () => mallory.accuse(victim, last, { epoch: 2 }));
  });

  it('with evidence by another node', () => {
    const evidence = { type: 'heartbeat', bytes: mallory.heartbeat().bytes } as const;
    refuse('LS_ACCUSATION_SUBJECT', () => mallory.accuse(victim, evidence));
  });

  it('with evidence that mallory forged in the victim’s name', () => {
    const bytes = mallory.heartbeat({ certId: victim.certId, seq: 900 }).bytes;
    refuse('LS_ACCUSATION_EVIDENCE', () => mallory.accuse(victim, { type: 'heartbeat', bytes }));
  });

  it('with evidence of a certificate nobody knows', () => {
    const stranger = new HostileMember(world, world.pki.node('b', { nodeId: victim.nodeId }));
    const bytes = stranger.heartbeat().bytes;
    refuse('LS_ACCUSATION_UNKNOWN_KEY', () => mallory.accuse(victim, { type: 'heartbeat', bytes }));
  });

  it('with evidence cut short, or that is no record', () => {
    for (const bytes of [last.bytes.subarray(0, -1), Uint8Array.of(0xff)]) {
      refuse('LS_ACCUSATION_EVIDENCE', () => mallory.accuse(victim, { type: 'heartbeat', bytes }));
    }
  });

  it('with a heartbeat shown as an epoch-start', () => {
    refuse('LS_ACCUSATION_EVIDENCE', () => mallory.accuse(victim, { ...last, type: 'epoch-start' }));
  });

  it('for a roster that was never seen', () => {
    for (const rosterNumber of [2, 999]) {
      refuse('LS_ACCUSATION_NOT_OBSERVER', () => mallory.accuse(victim, last, { rosterNumber }));
    }
  });

  it('of oneself', () => {
    const evidence = { type: 'heartbeat', bytes: mallory.heartbeat().bytes } as const;
    refuse('LS_ACCUSATION_SELF', () => mallory.accuse(mallory.identity, evidence));
  });

  it('of a node that is not in the roster', () => {
    const outsider = new HostileMember(world, world.pki.node('outsider'));
    const evidence = { type: 'heartbeat', bytes: outsider.heartbeat().bytes } as const;
    refuse('LS_ACCUSATION_UNKNOWN_KEY', () => mallory.accuse(outsider.identity, evidence));
  });

  it('cut short', () => {
    refuse('LS_RECORD_MALFORMED', () => mallory.accuse(victim, last).slice(0, -1));
  });
});

describe('an accusation', () => {
  beforeEach(() => {
    start();
  });

  it('by an observer, with true evidence, makes suspect and no more, and is answered', () => {
    link.record('accusation', mallory.accuse(victim, last));
    expect(world.peer('a', 'b')).toMatchObject({ alive: true, state: 'suspect', reason: 'accused' });
    world.run(60);
    expect(world.peer('a', 'b')).toMatchObject({ alive: true, state: 'alive' });
    expect(world.entries('b', 'accusation')).toHaveLength(1);
    const answers = world
      .entries('b', 'heartbeat-sent')
      .filter(({ record }) => valueOf(decodeHeartbeat(record)).body.rebuts !== null);
    expect(answers).toHaveLength(1);
    expect(world.codes('b')).toEqual([]);
  });

  it('that was answered counts no more, not even with other words on the same evidence', () => {
    const first = mallory.accuse(victim, last);
    link.record('accusation', first);
    world.run(60);
    expectIgnored(world, 'a', () => {
      link.record('accusation', first);
    });
    expectRefused(world, 'a', 'LS_MESH_REBUTTED', () => {
      link.record('accusation', mallory.accuse(victim, last, { tMs: unixMs(1) }));
    });
    expectRefused(world, 'a', 'LS_MESH_REBUTTED', () => {
      link.record('accusation', mallory.accuse(victim, epochStartOf('b')));
    });
  });

  it('by the same observer again is neither held nor passed on', () => {
    link.record('accusation', mallory.accuse(victim, last));
    const before = world.node('a').effects.length;
    link.record('accusation', mallory.accuse(victim, last, { tMs: unixMs(1) }));
    const since = world.node('a').effects.slice(before);
    expect(since.filter(({ kind }) => kind === 'write' || kind === 'append')).toEqual([]);
  });

  it('by an observer whose certificate was revoked is refused', () => {
    const accusation = mallory.accuse(victim, last);
    world.revoke(['m'], ['a']);
    const courier = new HostileMember(world, 'c').link('a');
    expectRefused(world, 'a', 'LS_TRUST_REVOKED', () => {
      courier.record('accusation', accusation);
    });
  });

  it('by an observer that the roster revoked or removed is refused', () => {
    for (const state of ['removed', 'revoked'] as const) {
      start();
      const accusation = mallory.accuse(victim, last);
      world.publishRoster({ m: state }, ['a']);
      const courier = new HostileMember(world, 'c').link('a');
      expectRefused(world, 'a', 'LS_ACCUSATION_NOT_OBSERVER', () => {
        courier.record('accusation', accusation);
      });
    }
  });

  it('by a certificate that has ended is refused', () => {
    const short = world.pki.node('n', { notAfter: unixMs(world.now.wall + 1_000) });
    world.enroll('n', short);
    world.publishRoster({ n: 'active' });
    const brief = new HostileMember(world, 'n');
    join(brief, 'a');
    const accusation = brief.accuse(victim, last);
    world.run(1_001);
    const courier = mallory.link('a');
    expectRefused(world, 'a', 'LS_TRUST_EXPIRED', () => {
      courier.record('accusation', accusation);
    });
  });

  it('under the previous roster counts for thirty seconds and not longer', () => {
    const old = (): Uint8Array => {
      const tap = mallory.link('b').records('heartbeat').at(-1) ?? new Uint8Array();
      return mallory.accuse(victim, { type: 'heartbeat', bytes: tap }, { rosterNumber: 1 });
    };
    world.publishRoster();
    world.run(29_000);
    link = join(mallory, 'a');
    link.record('accusation', old());
    expect(world.peer('a', 'b').reason).toBe('accused');
    world.run(1_100);
    link = mallory.link('a');
    expectRefused(world, 'a', 'LS_ACCUSATION_NOT_OBSERVER', () => {
      link.record('accusation', old());
    });
    world.publishRoster();
    expectRefused(world, 'a', 'LS_ACCUSATION_NOT_OBSERVER', () => {
      link.record('accusation', old());
    });
  });

  it('of an epoch that is over is refused, also by the accused', () => {
    const accusation = mallory.accuse(victim, last);
    const own = mallory.link('b');
    world.kill('b');
    expect(own.closed).toBe(true);
    world.start('b');
    world.run(1_000);
    link = join(mallory, 'a');
    expectRefused(world, 'a', 'LS_ACCUSATION_EPOCH', () => {
      link.record('accusation', accusation);
    });
    const again = mallory.link('b');
    again.record('epoch-start', mallory.epochStart().bytes);
    expectRefused(world, 'b', 'LS_ACCUSATION_EPOCH', () => {
      again.record('accusation', accusation);
    });
  });
});

describe('observers', () => {
  it('are only those that the rings name: another member is refused', () => {
    const hostile = ['m', 'n', 'o'];
    world = new MeshWorld(['a', 'b', 'c', 'd', ...hostile]);
    world.publishRoster({}, [], { k: 2, h: 2 });
    for (const name of ['a', 'b', 'c', 'd']) world.start(name);
    world.run(1_200);
    const subject = world.node('b').identity;
    const rings = assignObservers(rosterOf(world), testCrypto);
    // Two observe b, so that one of three does not.
    const outside = hostile.filter(
      (name) => !rings.observersOf(subject.nodeId).includes(world.node(name).identity.nodeId),
    );
    const other = new HostileMember(world, outside[0] ?? '');
    const bytes = other.link('b').records('heartbeat').at(-1) ?? new Uint8Array();
    link = join(other, 'a');
    for (const ring of [0, 1]) {
      expectRefused(world, 'a', 'LS_ACCUSATION_NOT_OBSERVER', () => {
        link.record('accusation', other.accuse(subject, { type: 'heartbeat', bytes }, { ring }));
      });
    }
  });

  it('that hear nothing do not accuse in a loop while others still hear', () => {
    world = new MeshWorld(['a', 'b', 'c']);
    world.startAll();
    world.run(2_000);
    world.block('a', 'c');
    world.run(20_000);
    expect(world.accusedBy('a').length).toBeGreaterThan(2);
    expect(world.accusedBy('a').length).toBeLessThanOrEqual(20);
    expect(world.peer('b', 'c').alive).toBe(true);
    expect(world.entries('b', 'down-certificate')).toEqual([]);
  });

  it('wait twice as long after each answer that came by others', () => {
    world = new MeshWorld(['a', 'b', 'c']);
    world.startAll();
    world.run(2_000);
    world.block('a', 'c');
    world.run(30_000);
    const { certId } = world.node('a').identity;
    const times = world
      .entries('a', 'accusation')
      .map(({ record }) => valueOf(decodeAccusation(record)).body)
      .filter((body) => body.certId === certId)
      .map(({ tMs }) => tMs);
    const waits = times.slice(1).map((at, i) => Math.round((at - (times[i] ?? 0)) / 1_000));
    expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8]);
  });

  it('that have run late themselves wait longer before they accuse', () => {
    world = new MeshWorld(['a', 'b', 'c']);
    world.startAll();
    world.run(2_000);
    for (let i = 0; i < 2; i++) {
      world.freeze('a');
      world.run(1_500);
      world.thaw('a');
      world.run(1_500);
    }
    const [healthy, late] = [world.accusedBy('b').length, world.accusedBy('a').length];
    world.freeze('c');
    world.run(3_400);
    expect(world.accusedBy('b').length).toBeGreaterThan(healthy);
    expect(world.accusedBy('a').length).toBe(late);
    world.run(3_000);
    expect(world.accusedBy('a').length).toBeGreaterThan(late);
    expect(world.peer('b', 'c').state).toBe('down');
  });

  it('accuse again, after an answer, one that then really dies', () => {
    world = new MeshWorld(['a', 'b', 'c']);
    world.startAll();
    world.run(2_000);
    world.block('a', 'c');
    world.run(8_000);
    world.heal();
    world.kill('c');
    world.run(6_000);
    expect(world.peer('a', 'c').state).toBe('down');
    expect(world.peer('b', 'c').state).toBe('down');
  });

  it('name what they heard last, and each accusation is theirs alone', () => {
    world = new MeshWorld(['a', 'b', 'c']);
    world.startAll();
    world.run(2_000);
    world.kill('c');
    world.run(1_500);
    const bodies = world
      .entries('a', 'accusation')
      .map(({ record }) => valueOf(decodeAccusation(record)).body);
    expect(new Set(bodies.map(({ certId }) => certId)).size).toBe(2);
    for (const { last: evidence, reason } of bodies) {
      expect(evidence.type).toBe('heartbeat');
      expect(reason).toBe('closed');
    }
  });
});
