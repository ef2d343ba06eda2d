import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeSign1, encodeSign1 } from '../../../src/codec/index.ts';
import {
  decodeHeartbeat,
  heartbeatFormat,
  signHeartbeat,
  type Heartbeat,
} from '../../../src/heartbeat/index.ts';
import { signLeave } from '../../../src/membership/index.ts';
import { unixMs, type DomainId } from '../../../src/std/index.ts';
import { testCrypto, withHighS } from '../../support/crypto.ts';
import { codesDuring, expectIgnored, expectRefused, stateOf } from '../../support/expect-refused.ts';
import { HostileMember, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { valueOf } from '../../support/result.ts';

/* Mallory, 'm', and a courier, 'x', are members with valid keys. 'a', 'b' and 'c' run production cores. */

let world: MeshWorld;
let mallory: HostileMember;
let link: HostileLink;
/** A heartbeat of b as it went over the wire. */
let genuine: Uint8Array;

function start(): void {
  world = new MeshWorld(['a', 'b', 'c', 'm', 'x']);
  for (const name of ['a', 'b', 'c']) world.start(name);
  mallory = new HostileMember(world, 'm');
  world.run(1_500);
  const tap = mallory.link('b');
  genuine = tap.records('heartbeat').at(-1) ?? new Uint8Array();
  link = mallory.link('a');
  link.record('epoch-start', mallory.epochStart(3).bytes);
  link.record('heartbeat', mallory.heartbeat({ seq: 5 }).bytes);
}

function altered(fields: Partial<Heartbeat>): Uint8Array {
  const { body, sign1 } = valueOf(decodeHeartbeat(genuine));
  return encodeSign1({ ...sign1, payload: heartbeatFormat.encodeBody({ ...body, ...fields }) });
}

describe('a heartbeat of another node that a member brings', () => {
  beforeAll(start);

  const next = (): Heartbeat => {
    const { body } = valueOf(decodeHeartbeat(genuine));
    return { ...body, seq: body.seq + 1, prev: mallory.prev };
  };

  it('is ignored when it is the same bytes again', () => {
    expectIgnored(world, 'a', () => {
      link.record('heartbeat', genuine);
    });
  });

  it('is refused when mallory signed it in the other’s name', () => {
    const forged = signHeartbeat(next(), mallory.identity.key, world.pki.domainId, testCrypto);
    expectRefused(world, 'a', 'LS_RECORD_SIGNATURE', () => {
      link.record('heartbeat', forged.bytes);
    });
  });

  const changes: readonly Partial<Heartbeat>[] = [
    { epoch: 2 },
    { seq: 999 },
    { tMs: unixMs(1_900_000_000_000) },
    { intervalMs: 60_000 },
    { prev: new Uint8Array(32).fill(1) },
    { flags: 2 },
    { health: 8 },
    { crlNumber: 77 },
    { rosterNumber: 77 },
    { viewDigest: new Uint8Array(8).fill(1) },
    { checkpoint: { size: 9, root: new Uint8Array(32) } },
    { heads: [] },
    { rebuts: [testCrypto.sha256(new Uint8Array()) as unknown as never] },
    { ext: new Map([[1, 1]]) },
  ];
  it.each(changes.map((change) => [Object.keys(change)[0] ?? '', change] as const))(
    'is refused with another %s under the old signature',
    (field, change) => {
      const fields = field === 'rebuts' ? { rebuts: [mallory.heartbeat().id] } : change;
      expectRefused(world, 'a', 'LS_RECORD_SIGNATURE', () => {
        link.record('heartbeat', altered({ seq: 999, ...fields }));
      });
    },
  );

  it('is refused under mallory’s certificate with the old signature', () => {
    expectRefused(world, 'a', 'LS_RECORD_SIGNATURE', () => {
      link.record('heartbeat', altered({ certId: mallory.identity.certId }));
    });
  });

  it('is refused with a certificate nobody knows', () => {
    const { certId } = world.pki.node('z');
    expectRefused(world, 'a', 'LS_MESH_UNKNOWN_CERTIFICATE', () => {
      link.record('heartbeat', altered({ certId }));
    });
  });

  it('is refused as a record of any other type', () => {
    for (const type of ['epoch-start', 'key-change', 'leave', 'accusation', 'roster'] as const) {
      expectRefused(world, 'a', 'LS_RECORD_MALFORMED', () => {
        link.record(type, altered({ seq: 999 }));
      });
    }
    expectRefused(world, 'a', 'LS_MESH_UNEXPECTED_RECORD', () => {
      link.record('successor', altered({ seq: 999 }));
    });
  });

  it('is refused cut short or with a byte added, at any place', () => {
    for (const bytes of [genuine.subarray(0, -1), genuine.subarray(1), new Uint8Array([...genuine, 0])]) {
      expectRefused(world, 'a', 'LS_RECORD_MALFORMED', () => {
        link.record('heartbeat', bytes);
      });
    }
  });

  it('is refused with its signature’s other form', () => {
    const sign1 = valueOf(decodeSign1(genuine, 2_000));
    const twin = encodeSign1({ ...sign1, signature: withHighS(sign1.signature) });
    expectRefused(world, 'a', 'LS_RECORD_MALFORMED', () => {
      link.record('heartbeat', twin);
    });
  });
});

describe('a heartbeat of mallory’s own', () => {
  beforeEach(start);

  it('counts when all is right, and is logged', () => {
    const { bytes } = mallory.heartbeat();
    link.record('heartbeat', bytes);
    expect(world.peer('a', 'm')).toMatchObject({ state: 'alive', seq: 6, epoch: 3 });
    world.run(1_000);
    expect(world.entries('a', 'heartbeat-received').map(({ record }) => record)).toContainEqual(bytes);
  });

  it('is refused for another domain', () => {
    const domainId = new Uint8Array(32).fill(1) as unknown as DomainId;
    const beat = mallory.heartbeat({}, { domainId });
    expectRefused(world, 'a', 'LS_RECORD_SIGNATURE', () => {
      link.record('heartbeat', beat.bytes);
    });
  });

  it('is refused with a number that was used already, and the two histories are reported', () => {
    expectRefused(world, 'a', 'LS_HEARTBEAT_FORK', () => {
      link.record('heartbeat', mallory.heartbeat({ seq: 5, health: 1 }).bytes);
    });
    expect(world.codes('a', ['warn'])).toContain('LS_HEARTBEAT_FORK');
  });

  it('is refused with a lower number', () => {
    expectRefused(world, 'a', 'LS_HEARTBEAT_REPLAYED', () => {
      link.record('heartbeat', mallory.heartbeat({ seq: 4 }).bytes);
    });
  });

  it('is refused when it does not continue the one before it', () => {
    expectRefused(world, 'a', 'LS_HEARTBEAT_FORK', () => {
      link.record('heartbeat', mallory.heartbeat({ seq: 6, prev: new Uint8Array(32).fill(8) }).bytes);
    });
  });

  it('is refused for an epoch that is over', () => {
    expectRefused(world, 'a', 'LS_HEARTBEAT_OLD_EPOCH', () => {
      link.record('heartbeat', mallory.heartbeat({ epoch: 2, seq: 100 }).bytes);
    });
  });

  it('is refused for an epoch whose start nobody has seen', () => {
    expectRefused(world, 'a', 'LS_HEARTBEAT_UNKNOWN_EPOCH', () => {
      link.record('heartbeat', mallory.heartbeat({ epoch: 4, seq: 1 }).bytes);
    });
  });

  it('is refused before any epoch-start', () => {
    const courier = new HostileMember(world, 'x');
    const own = courier.link('a');
    expectRefused(world, 'a', 'LS_MESH_UNKNOWN_CERTIFICATE', () => {
      own.record('heartbeat', courier.heartbeat().bytes);
    });
  });

  it('is refused once its certificate is revoked, whoever brings it', () => {
    const beat = mallory.heartbeat();
    world.revoke(['m'], ['a']);
    const courier = new HostileMember(world, 'x').link('a');
    expectRefused(world, 'a', 'LS_TRUST_REVOKED', () => {
      courier.record('heartbeat', beat.bytes);
    });
    expect(world.peer('a', 'm')).toMatchObject({ alive: false, state: 'revoked' });
  });

  it('is refused once its certificate has ended', () => {
    const short = world.pki.node('n', { notAfter: unixMs(world.now.wall + 1_000) });
    world.enroll('n', short);
    world.publishRoster({ n: 'active' });
    const brief = new HostileMember(world, 'n');
    const own = brief.link('a');
    own.record('epoch-start', brief.epochStart().bytes);
    own.record('heartbeat', brief.heartbeat().bytes);
    expect(world.peer('a', 'n').alive).toBe(true);
    world.run(1_001);
    const courier = new HostileMember(world, 'm').link('a');
    expectRefused(world, 'a', 'LS_TRUST_EXPIRED', () => {
      courier.record('heartbeat', brief.heartbeat().bytes);
    });
    expect(world.peer('a', 'n')).toMatchObject({ alive: false, state: 'expired' });
  });

  it('warns but counts when its wall clock is far off', () => {
    const tMs = unixMs(world.now.wall + 3_600_000);
    expect(
      codesDuring(world, 'a', () => {
        link.record('heartbeat', mallory.heartbeat({ tMs }).bytes);
      }),
    ).toEqual(['LS_MESH_CLOCK_SKEW']);
    expect(world.peer('a', 'm')).toMatchObject({ alive: true, flags: ['clock-skew'] });
  });

  it('after a leave changes nothing', () => {
    const { nextBeat, identity } = { nextBeat: mallory.nextBeat(), identity: mallory.identity };
    const body = { ...nextBeat, reason: 'gone' };
    link.record('leave', signLeave(body, identity.key, world.pki.domainId, testCrypto).bytes);
    expect(world.peer('a', 'm').state).toBe('left');
    link.record('heartbeat', mallory.heartbeat({ seq: 9 }).bytes);
    expect(world.peer('a', 'm')).toMatchObject({ alive: false, state: 'left' });
  });
});

describe('hearing', () => {
  beforeEach(start);

  it('is not what a relay brings: its sender still falls silent', () => {
    const courier = new HostileMember(world, 'x');
    for (let i = 0; i < 8; i++) {
      world.run(500);
      const relayed = courier.link('a');
      relayed.record('heartbeat', mallory.heartbeat().bytes);
    }
    expect(world.accusedBy('a')).toContain('m');
    expect(world.peer('a', 'm').seq).toBeGreaterThan(5);
  });

  it('is not taken away by a relay that is faster than the subject’s own link', () => {
    for (let i = 0; i < 8; i++) {
      world.run(500);
      const beat = mallory.heartbeat().bytes;
      new HostileMember(world, 'x').link('a').record('heartbeat', beat);
      mallory.link('a').record('heartbeat', beat);
    }
    expect(world.peer('a', 'm').alive).toBe(true);
    expect(world.accusedBy('a')).not.toContain('m');
  });

  it('is not won by saying the same again', () => {
    const beat = mallory.heartbeat().bytes;
    for (let i = 0; i < 8; i++) {
      world.run(500);
      mallory.link('a').record('heartbeat', beat);
    }
    expect(world.peer('a', 'm').state).not.toBe('alive');
    expect(world.accusedBy('a')).toContain('m');
  });

  it('does not start with an epoch-start alone', () => {
    const other = stateOf(world, 'c');
    mallory.link('c').record('epoch-start', mallory.epochStart(7).bytes);
    expect(world.peer('c', 'm')).toMatchObject({ alive: false, reason: 'never-heard' });
    expect(other).not.toEqual(stateOf(world, 'c'));
  });
});
