import { describe, expect, it } from 'vitest';
import { encodeDownCertificate } from '../../../src/membership/index.ts';
import { WEAK_DEATH_SPACING_MS } from '../../../src/mesh/accusations.ts';
import { World } from '../../../src/sim/index.ts';
import { HostileMember } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { hashedCrypto } from '../../support/sim-crypto.ts';

/* A node was rightly called dead, and when it hears of that, those who said it count no more. */

describe('a node that was cut off and called dead', () => {
  it('comes back though one of its accusers was revoked meanwhile', () => {
    const world = new World({ seed: 1, nodes: 4, crypto: hashedCrypto() });
    world.startAll();
    world.run(3_000);
    const [a, accuser, b, lost] = [world.node(0), world.node(1), world.node(2), world.node(3)];
    for (const other of [a, accuser, b]) {
      world.network.cut(lost, other);
      world.network.cut(other, lost);
    }
    world.run(6_000);
    expect(a.seen.get(lost.nodeId)?.state).toBe('down');
    world.revoke(accuser);
    world.run(1_000);
    for (const other of [a, accuser, b]) {
      world.network.mend(lost, other);
      world.network.mend(other, lost);
    }
    world.run(20_000);
    for (const other of [a, b]) {
      expect(other.seen.get(lost.nodeId)).toMatchObject({ state: 'alive', epoch: 2 });
    }
  });

  it('comes back though another, dead at that time, is alive again when it hears of it', () => {
    const world = new World({ seed: 1, nodes: 7, crypto: hashedCrypto() });
    world.startAll();
    world.run(2_000);
    const [other, frozen, witness] = [world.node(0), world.node(6), world.node(1)];
    world.crash(other);
    world.freeze(frozen);
    world.run(5_000);
    expect(witness.seen.get(frozen.nodeId)?.state).toBe('down');
    world.start(other);
    world.run(2_000);
    world.thaw(frozen);
    world.run(10_000);
    expect(witness.seen.get(frozen.nodeId)).toMatchObject({ state: 'alive', epoch: 2 });
  });

  it('comes back though the roster has grown meanwhile, and asks for more accusers', () => {
    const { link, deliver, epoch, world } = accused();
    world.publishRoster({}, ['a'], { k: 3, h: 3 });
    deliver();
    expect(epoch()).toBe(2);
    expect(link.closed).toBe(false);
  });
});

describe('keys of those who were revoked', () => {
  it('make a node begin a new epoch once in a while at most', () => {
    const { deliver, epoch, world } = accused();
    world.revoke(['m', 'n'], ['a']);
    world.run(100);
    deliver();
    expect(epoch()).toBe(2);
    deliver();
    expect(epoch()).toBe(2);
    world.run(WEAK_DEATH_SPACING_MS);
    deliver();
    expect(epoch()).toBe(3);
  });

  it('prove nobody else’s death', () => {
    const world = new MeshWorld(['a', 'b', 'm', 'n', 'o']);
    world.start('a');
    world.start('b');
    world.run(1_200);
    const [m, n, o] = ['m', 'n', 'o'].map((name) => new HostileMember(world, name));
    if (m === undefined || n === undefined || o === undefined) throw new Error('no members');
    const tap = m.link('b');
    const bytes = tap.records('heartbeat').at(-1) ?? new Uint8Array();
    const link = o.link('a');
    for (const each of [m, n, o]) link.record('epoch-start', each.epochStart().bytes);
    const { identity } = world.node('b');
    const accusations = [m, n, o].map((each) => each.accuse(identity, { type: 'heartbeat', bytes }));
    world.revoke(['n'], ['a']);
    const parts = { subject: identity.nodeId, epoch: 1, rosterNumber: world.rosterNumber, accusations };
    link.send({ kind: 'down', certificate: encodeDownCertificate(parts) });
    world.run(2_000);
    expect(world.peer('a', 'b').state).toBe('alive');
  });
});

/** Four members, of which only 'a' is not hostile; m and n accuse it, and o tells it of the death that they make. */
function accused() {
  const world = new MeshWorld(['a', 'm', 'n', 'o']);
  world.start('a');
  const [m, n, o] = [
    new HostileMember(world, 'm'),
    new HostileMember(world, 'n'),
    new HostileMember(world, 'o'),
  ];
  world.run(1_200);
  const link = o.link('a');
  for (const each of [m, n, o]) link.record('epoch-start', each.epochStart().bytes);
  const { rosterNumber } = world;
  const { identity } = world.node('a');
  const epoch = (): number => world.status('a').epoch;
  const deliver = (): void => {
    world.run(1_500);
    const last = { type: 'heartbeat', bytes: link.records('heartbeat').at(-1) ?? new Uint8Array() } as const;
    const accusations = [m, n].map((each) =>
      each.accuse(identity, last, { epoch: epoch(), rosterNumber, tMs: world.now.wall }),
    );
    const parts = { subject: identity.nodeId, epoch: epoch(), rosterNumber, accusations };
    link.send({ kind: 'down', certificate: encodeDownCertificate(parts) });
    world.run(200);
  };
  return { world, link, deliver, epoch };
}
