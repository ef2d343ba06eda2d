import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeDownCertificate, signAccusation, decodeAccusation } from '../../../src/membership/index.ts';
import { unixMs } from '../../../src/std/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { expectRefused } from '../../support/expect-refused.ts';
import { HostileMember, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import type { TestIdentity } from '../../support/pki.ts';
import { valueOf } from '../../support/result.ts';

/* Four members, two of them hostile: as many as it takes. 'a' is asked to believe that 'b' is dead. */

let world: MeshWorld;
let m: HostileMember;
let n: HostileMember;
let link: HostileLink;
let victim: TestIdentity;
let last: { readonly type: 'heartbeat'; readonly bytes: Uint8Array };

function start(): void {
  world = new MeshWorld(['a', 'b', 'm', 'n']);
  world.start('a');
  world.start('b');
  m = new HostileMember(world, 'm');
  n = new HostileMember(world, 'n');
  world.run(1_200);
  const tap = m.link('b');
  last = { type: 'heartbeat', bytes: tap.records('heartbeat').at(-1) ?? new Uint8Array() };
  victim = world.node('b').identity;
  link = m.link('a');
  for (const each of [m, n]) {
    link.record('epoch-start', each.epochStart().bytes);
    link.record('heartbeat', each.heartbeat().bytes);
  }
}

interface Parts {
  readonly subject?: TestIdentity;
  readonly epoch?: number;
  readonly rosterNumber?: number;
}

function certificate(accusations: readonly Uint8Array[], parts: Parts = {}): Uint8Array {
  const { subject = victim, epoch = 1, rosterNumber = world.rosterNumber } = parts;
  return encodeDownCertificate({ subject: subject.nodeId, epoch, rosterNumber, accusations });
}

const bothAccuse = (): readonly Uint8Array[] => [m.accuse(victim, last), n.accuse(victim, last)];

describe('a down certificate is refused, and changes nothing,', () => {
  beforeAll(start);

  const refuse = (code: Parameters<typeof expectRefused>[2], bytes: Uint8Array): void => {
    expectRefused(world, 'a', code, () => {
      link.send({ kind: 'down', certificate: bytes });
    });
  };

  it('with fewer than H accusations', () => {
    refuse('LS_DOWN_CERTIFICATE_TOO_FEW', certificate([m.accuse(victim, last)]));
  });

  it('with one accuser counted twice', () => {
    const twice = [m.accuse(victim, last), m.accuse(victim, last, { tMs: unixMs(1) })];
    refuse('LS_DOWN_CERTIFICATE_DUPLICATE', certificate(twice));
  });

  it('with an accusation that is not signed by its accuser', () => {
    const forged = [m.accuse(victim, last), n.accuse(victim, last, {}, { signer: testKey() })];
    refuse('LS_RECORD_SIGNATURE', certificate(forged));
  });

  it('with an accusation that mallory signed for a member who said nothing', () => {
    const own = valueOf(decodeAccusation(m.accuse(victim, last))).body;
    const body = { ...own, certId: n.identity.certId };
    const forged = signAccusation(body, m.identity.key, world.pki.domainId, testCrypto).bytes;
    refuse('LS_ACCUSATION_NOT_OBSERVER', certificate([m.accuse(victim, last), forged]));
    const ring = valueOf(decodeAccusation(n.accuse(victim, last))).body.ring;
    const better = signAccusation({ ...body, ring }, m.identity.key, world.pki.domainId, testCrypto).bytes;
    refuse('LS_RECORD_SIGNATURE', certificate([m.accuse(victim, last), better]));
  });

  it('with an accusation of another node, epoch or roster', () => {
    const other = world.node('n').identity;
    const about = [
      m.accuse(other, { type: 'heartbeat', bytes: n.heartbeat().bytes }),
      m.accuse(victim, last, { epoch: 2 }),
      m.accuse(victim, last, { rosterNumber: 9 }),
    ];
    for (const one of about)
      refuse('LS_DOWN_CERTIFICATE_MISMATCH', certificate([n.accuse(victim, last), one]));
  });

  it('with an accusation on a ring where its signer does not observe', () => {
    refuse(
      'LS_ACCUSATION_NOT_OBSERVER',
      certificate([m.accuse(victim, last), n.accuse(victim, last, { ring: 77 })]),
    );
  });

  it('with an accuser that nobody knows', () => {
    const outsider = new HostileMember(world, world.pki.node('outsider'));
    refuse('LS_ACCUSATION_UNKNOWN_KEY', certificate([m.accuse(victim, last), outsider.accuse(victim, last)]));
  });

  it('of a roster that was never seen', () => {
    refuse('LS_MESH_UNKNOWN_ROSTER', certificate(bothAccuse(), { rosterNumber: 77 }));
  });

  it('of another epoch than the present one', () => {
    refuse('LS_ACCUSATION_EPOCH', certificate(bothAccuse(), { epoch: 2 }));
  });

  it('of a node that is in no roster', () => {
    refuse('LS_ACCUSATION_EPOCH', certificate(bothAccuse(), { subject: world.pki.node('outsider') }));
  });

  it('that is malformed, cut short or too large', () => {
    refuse('LS_DOWN_CERTIFICATE_MALFORMED', certificate(bothAccuse()).slice(0, -1));
    refuse('LS_DOWN_CERTIFICATE_MALFORMED', Uint8Array.of(0));
    refuse('LS_DOWN_CERTIFICATE_TOO_LARGE', new Uint8Array(1024 * 1024 + 1));
  });
});

describe('a down certificate', () => {
  beforeEach(start);

  it('that its maker did not wait with is waited with here, and the subject answers', () => {
    link.send({ kind: 'down', certificate: certificate(bothAccuse()) });
    expect(world.peer('a', 'b')).toMatchObject({ alive: true, state: 'suspect' });
    world.run(1_000);
    expect(world.peer('a', 'b')).toMatchObject({ alive: true, state: 'alive', epoch: 1 });
    expect(world.entries('a', 'down-certificate')).toEqual([]);
    expect(world.entries('b', 'accusation')).toHaveLength(2);
    expect(world.status('b').epoch).toBe(1);
  });

  it('of accusations that were answered is refused', () => {
    const accusations = bothAccuse();
    for (const accusation of accusations) link.record('accusation', accusation);
    world.run(100);
    expectRefused(world, 'a', 'LS_MESH_REBUTTED', () => {
      link.send({ kind: 'down', certificate: certificate(accusations) });
    });
  });

  it('of one new and one answered accusation is refused', () => {
    const old = n.accuse(victim, last);
    link.record('accusation', old);
    world.run(100);
    const bytes = m.link('b').records('heartbeat').at(-1) ?? new Uint8Array();
    link = m.link('a');
    expectRefused(world, 'a', 'LS_MESH_REBUTTED', () => {
      const fresh = m.accuse(victim, { type: 'heartbeat', bytes });
      link.send({ kind: 'down', certificate: certificate([fresh, old]) });
    });
  });

  it('that stands is final after the subject’s time to answer, and is passed on', () => {
    world.freeze('b');
    const bytes = certificate(bothAccuse());
    link.send({ kind: 'down', certificate: bytes });
    world.run(290);
    expect(world.peer('a', 'b').alive).toBe(true);
    world.run(40);
    expect(world.peer('a', 'b')).toMatchObject({ alive: false, state: 'down', reason: 'down-certificate' });
    expect(world.entries('a', 'down-certificate')).toHaveLength(1);
    expect(link.messages('down').length).toBeGreaterThan(0);
  });

  it('with an accuser that was revoked meanwhile is refused', () => {
    const accusations = bothAccuse();
    world.revoke(['n'], ['a']);
    link = m.link('a');
    expectRefused(world, 'a', 'LS_ACCUSATION_UNKNOWN_KEY', () => {
      link.send({ kind: 'down', certificate: certificate(accusations) });
    });
  });

  it('under an older roster in which fewer were enough is refused', () => {
    world = new MeshWorld(['a', 'b', 'm', 'n']);
    world.publishRoster({}, [], { k: 3, h: 1 });
    for (const name of ['a', 'b']) world.start(name);
    world.run(1_200);
    m = new HostileMember(world, 'm');
    victim = world.node('b').identity;
    const bytes = m.link('b').records('heartbeat').at(-1) ?? new Uint8Array();
    const weak = world.rosterNumber;
    world.publishRoster();
    link = m.link('a');
    link.record('epoch-start', m.epochStart().bytes);
    const accusation = m.accuse(victim, { type: 'heartbeat', bytes }, { rosterNumber: weak });
    expectRefused(world, 'a', 'LS_DOWN_CERTIFICATE_TOO_FEW', () => {
      link.send({ kind: 'down', certificate: certificate([accusation], { rosterNumber: weak }) });
    });
  });

  it('of our own epoch makes us start the next, at once and only once', () => {
    const own = m.link('b');
    for (const each of [m, n]) own.record('epoch-start', each.epochStart().bytes);
    const bytes = certificate(bothAccuse());
    own.send({ kind: 'down', certificate: bytes });
    world.run(50);
    expect(world.status('b').epoch).toBe(2);
    expect(world.codes('b')).toContain('LS_MESH_DECLARED_DOWN');
    expectRefused(world, 'b', 'LS_ACCUSATION_EPOCH', () => {
      own.send({ kind: 'down', certificate: bytes });
    });
    world.run(1_000);
    expect(world.peer('a', 'b')).toMatchObject({ alive: true, epoch: 2 });
    expect(world.node('a').transitions.filter(({ to }) => to === 'down')).toEqual([]);
  });

  it('of our own epoch with too few accusers leaves us where we are', () => {
    const own = m.link('b');
    own.record('epoch-start', m.epochStart().bytes);
    expectRefused(world, 'b', 'LS_DOWN_CERTIFICATE_TOO_FEW', () => {
      own.send({ kind: 'down', certificate: certificate([m.accuse(victim, last)]) });
    });
  });
});
