import { beforeEach, describe, expect, it } from 'vitest';
import { REVOKED_ISSUER_SPREAD_MS } from '../../../src/mesh/renewals.ts';
import { certifiedBy, crlOf, nextGeneration, rosterBy, tell, toldOf } from '../../support/generations.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import type { TestAuthority } from '../../support/pki.ts';

/* One issuing CA after another under three running nodes, from beginning to end. */

const NAMES = ['a', 'b', 'c'];

let world: MeshWorld;
let g1: TestAuthority;
let g2: TestAuthority;

beforeEach(() => {
  world = new MeshWorld(NAMES);
  world.startAll();
  world.run(1_500);
  g1 = world.pki.issuing;
  g2 = nextGeneration(world);
});

/** One publication: a CRL of this number by each. */
function publish(number: number, issuers: readonly TestAuthority[], names: readonly string[] = NAMES): void {
  for (const issuer of issuers) tell(world, names, { kind: 'crl', der: crlOf(world, issuer, number) });
}

function revokeFirst(): void {
  const der = world.pki.rootCrl({ number: 2, revoked: [g1], thisUpdate: world.now.wall });
  tell(world, ['a'], { kind: 'crl', der });
}

function aliveFor(observer: string): readonly string[] {
  return NAMES.filter((name) => name !== observer && world.peer(observer, name).alive);
}

const fell = (name: string): number =>
  world.node(name).transitions.filter(({ to }) => to !== 'alive' && to !== 'unknown').length;

function renewal(name: string): number {
  return world.node(name).effects.filter(({ kind }) => kind === 'renew').length;
}

describe('a rollover', () => {
  it('goes from one issuing CA to the next with nobody missed, and ends for those who stayed behind', () => {
    // Only the first.
    publish(2, [g1]);
    tell(world, NAMES, toldOf(world, [g1]));
    world.run(1_000);
    expect(NAMES.map((name) => world.status(name).crlNumber)).toEqual([2, 2, 2]);

    // The second is prepared: its certificate and its first CRL have reached everyone.
    tell(world, NAMES, toldOf(world, [g1, g2]));
    expect(NAMES.map((name) => world.status(name).crlNumber)).toEqual([0, 0, 0]);
    publish(3, [g1, g2]);
    world.run(1_000);
    expect(NAMES.map((name) => world.status(name).crlNumber)).toEqual([3, 3, 3]);
    expect(NAMES.map(renewal)).toEqual([0, 0, 0]);

    // It is active: everyone is asked to renew, and two do.
    tell(world, NAMES, toldOf(world, [g2, g1], { renewWithinMs: 4_000 }));
    tell(world, NAMES, { kind: 'roster', bytes: rosterBy(world, g2) });
    world.run(4_500);
    expect(NAMES.map(renewal)).toEqual([1, 1, 1]);
    for (const name of ['a', 'b']) {
      world.renew(name, certifiedBy(world, name, g2));
      world.run(1_500);
    }
    expect(NAMES.map((name) => world.status(name).rosterNumber)).toEqual(
      Array(3).fill(world.rosterNumber + 1),
    );
    for (const name of NAMES) expect([name, aliveFor(name).length]).toEqual([name, 2]);
    expect(NAMES.map(fell)).toEqual([0, 0, 0]);

    // The root revokes the first: one node hears of it, and tells the others.
    revokeFirst();
    world.run(5_000);
    expect(aliveFor('a')).toEqual(['b']);
    expect(aliveFor('b')).toEqual(['a']);
    expect(world.peer('a', 'c').state).toBe('revoked');
    expect(world.status('c').state).toBe('revoked');
    expect(world.codes('c', ['error'])).toContain('LS_SELF_ISSUER_REVOKED');
    expect(world.codes('c', ['error'])).not.toContain('LS_SELF_REVOKED');
    expect(world.status('a').crlNumber).toBe(3);
    publish(4, [g2], ['a']);
    world.run(1_000);
    expect(['a', 'b'].map((name) => world.status(name).crlNumber)).toEqual([4, 4]);
  });

  it('lets in again who was left behind, once it has a certificate of the new one', () => {
    tell(world, NAMES, toldOf(world, [g1, g2]));
    publish(3, [g1, g2]);
    world.run(500);
    for (const name of ['a', 'b']) world.renew(name, certifiedBy(world, name, g2));
    world.run(1_500);
    const asked = renewal('c');
    revokeFirst();
    world.run(REVOKED_ISSUER_SPREAD_MS + 1_000);
    expect(world.status('c').state).toBe('revoked');
    expect(renewal('c')).toBeGreaterThan(asked);
    const epoch = world.status('c').epoch;
    world.renew('c', certifiedBy(world, 'c', g2));
    world.run(10_000);
    expect(world.status('c')).toMatchObject({ state: 'active', epoch: epoch + 1 });
    expect(aliveFor('a')).toEqual(['b', 'c']);
    expect(aliveFor('c')).toEqual(['a', 'b']);
  });

  it('reaches a member without a feed through the others', () => {
    const fed = ['a', 'b'];
    tell(world, fed, toldOf(world, [g1, g2]));
    publish(3, [g1, g2], fed);
    world.run(1_000);
    expect(world.status('c').crlNumber).toBe(3);
    for (const name of fed) world.renew(name, certifiedBy(world, name, g2));
    world.run(1_500);
    tell(world, fed, { kind: 'roster', bytes: rosterBy(world, g2) });
    world.run(1_000);
    expect(world.status('c').rosterNumber).toBe(world.rosterNumber + 1);
    expect(aliveFor('c')).toEqual(['a', 'b']);
    const der = crlOf(world, g2, 4, [world.node('b').identity]);
    tell(world, ['a'], { kind: 'crl', der });
    world.run(500);
    expect(world.peer('c', 'b').state).toBe('revoked');
  });

  it('leaves a member that was away alone until it holds the CRL of those it meets, and takes it in then', () => {
    world.kill('c');
    const fed = ['a', 'b'];
    tell(world, fed, toldOf(world, [g1, g2]));
    publish(3, [g1, g2], fed);
    for (const name of fed) world.renew(name, certifiedBy(world, name, g2));
    world.run(8_000);
    world.start('c');
    world.run(5_000);
    expect(aliveFor('c')).toEqual([]);
    expect(world.codes('c')).toContain('LS_TRUST_NO_REVOCATION');
    tell(world, ['c'], toldOf(world, [g2, g1], { renewWithinMs: 1_000 }));
    publish(3, [g1, g2], ['c']);
    world.run(8_000);
    expect(aliveFor('c')).toEqual(['a', 'b']);
    expect(aliveFor('a')).toEqual(['b', 'c']);
    expect(renewal('c')).toBe(1);
  });
});
