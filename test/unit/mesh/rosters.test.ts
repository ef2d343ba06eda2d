import { beforeEach, describe, expect, it } from 'vitest';
import { signRoster, type Roster } from '../../../src/membership/index.ts';
import type { DomainId, Signer } from '../../../src/std/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { expectIgnored, expectRefused } from '../../support/expect-refused.ts';
import { HostileMember, rosterOf, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { makeTestPki } from '../../support/pki.ts';

/* Mallory, 'm', would like a roster with h 1, or one without b. */

let world: MeshWorld;
let link: HostileLink;

beforeEach(() => {
  world = new MeshWorld(['a', 'b', 'm']);
  world.start('a');
  world.start('b');
  world.run(1_200);
  world.publishRoster();
  link = new HostileMember(world, 'm').link('a');
});

function made(
  fields: Partial<Roster>,
  signer: Signer = world.pki.issuing.key,
  domainId?: DomainId,
): Uint8Array {
  const body: Roster = { ...rosterOf(world), ...fields };
  return signRoster(body, signer, domainId ?? world.pki.domainId, testCrypto).bytes;
}

const nextFields = (): Partial<Roster> => ({ number: 3, prev: structureHashOf(rosterOf(world)), h: 1 });

function structureHashOf(body: Roster): Uint8Array {
  return signRoster(body, world.pki.issuing.key, world.pki.domainId, testCrypto).structureHash;
}

describe('a roster that a member brings is refused, and changes nothing,', () => {
  const refuse = (code: Parameters<typeof expectRefused>[2], bytes: Uint8Array): void => {
    expectRefused(world, 'a', code, () => {
      link.record('roster', bytes);
    });
  };

  it('when mallory signed it in the CA’s name', () => {
    refuse('LS_RECORD_SIGNATURE', made(nextFields(), world.node('m').identity.key));
  });

  it('when mallory signed it in her own', () => {
    const { certId, key } = world.node('m').identity;
    refuse('LS_MESH_ROSTER_SIGNER', made({ ...nextFields(), certId }, key));
  });

  it('when another CA signed it', () => {
    const { key } = makeTestPki().issuing;
    refuse('LS_RECORD_SIGNATURE', made(nextFields(), key));
  });

  it('when it is of another domain', () => {
    const other = new Uint8Array(32).fill(1) as unknown as DomainId;
    refuse('LS_RECORD_SIGNATURE', made(nextFields(), world.pki.issuing.key, other));
  });

  it('when it has the number of the one in force and says something else', () => {
    refuse('LS_MESH_ROSTER_FORK', made({ h: 1 }));
  });

  it('when it is next in number and does not follow the one in force', () => {
    refuse('LS_MESH_ROSTER_FORK', made({ ...nextFields(), prev: new Uint8Array(32).fill(1) }));
  });

  it('when it is cut short', () => {
    refuse('LS_RECORD_MALFORMED', made(nextFields()).slice(0, -1));
  });

  it('when its number is lower, without a word', () => {
    const bytes = made({ number: 1, prev: new Uint8Array(32), h: 1 });
    expectIgnored(world, 'a', () => {
      link.record('roster', bytes);
    });
  });

  it('also when the shell hands it in', () => {
    expectRefused(world, 'a', 'LS_RECORD_SIGNATURE', () => {
      world.feed(world.node('a'), {
        kind: 'roster',
        bytes: made(nextFields(), world.node('m').identity.key),
      });
    });
    expect(world.codes('a', ['warn'])).toContain('LS_RECORD_SIGNATURE');
  });
});

describe('a roster', () => {
  it('counts whoever brings it, when the CA signed it and it follows, and reaches everyone', () => {
    link.record('roster', made(nextFields()));
    world.run(100);
    expect(world.status('a')).toMatchObject({ rosterNumber: 3, h: 1 });
    expect(world.status('b')).toMatchObject({ rosterNumber: 3, h: 1 });
    const acknowledged = world
      .node('b')
      .effects.filter(({ kind }) => kind === 'acknowledge')
      .at(-1);
    expect(acknowledged).toMatchObject({ rosterNumber: 3 });
    expect(world.entries('b', 'roster')).toHaveLength(3);
  });

  it('that skips numbers counts: a node may have been away', () => {
    link.record('roster', made({ number: 9, prev: new Uint8Array(32).fill(5) }));
    expect(world.status('a').rosterNumber).toBe(9);
  });

  it('that leaves a member out makes it removed, never alive by default', () => {
    const { members } = rosterOf(world);
    const without = members.filter(({ name }) => name !== 'b');
    link.record('roster', made({ ...nextFields(), members: without }));
    world.run(50);
    expect(world.peer('a', 'b')).toMatchObject({ alive: false, state: 'removed' });
  });

  it('is served to a peer that is behind', () => {
    world.kill('b');
    world.publishRoster({}, ['a']);
    const before = world.rosterBytes;
    world.start('b');
    expect(world.status('b').rosterNumber).toBe(3);
    world.publishRoster({}, []);
    world.feed(world.node('a'), { kind: 'roster', bytes: world.rosterBytes });
    world.run(2_500);
    expect(world.status('b').rosterNumber).toBe(4);
    expect(before).not.toEqual(world.rosterBytes);
  });
});
