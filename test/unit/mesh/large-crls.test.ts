import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_CRL_MESSAGE_BYTES } from '../../../src/link/index.ts';
import { MAX_WAITING_CRLS_OF_MEMBERS } from '../../../src/mesh/crl-checks.ts';
import type { Token } from '../../../src/mesh/index.ts';
import { err, fault } from '../../../src/std/index.ts';
import { CHECK_MS, LARGE_CRL_ENTRIES, manyEntries } from '../../support/large-crl.ts';
import { HostileMember } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';

let world: MeshWorld;

beforeEach(() => {
  world = new MeshWorld(['a', 'b', 'm']);
  for (const name of ['a', 'b']) world.start(name);
  world.run(1_200);
});

const large = (number: number, count = LARGE_CRL_ENTRIES): Uint8Array =>
  world.pki.crl({ number, revoked: manyEntries(world.pki.now, count), thisUpdate: world.now.wall });
const tell = (der: Uint8Array): void => {
  world.feed(world.node('a'), { kind: 'crl', der });
};
const checks = (name = 'a'): number =>
  world.node(name).effects.filter(({ kind }) => kind === 'check-crl').length;

describe('a large CRL', () => {
  it('is in force when it has been checked, everywhere, and the mesh goes on meanwhile', () => {
    tell(large(2));
    expect(world.status('a').crlNumber).toBe(1);
    world.run(CHECK_MS / 2);
    expect(world.status('a').crlNumber).toBe(1);
    expect(world.peer('a', 'b').alive).toBe(true);
    world.run(3 * CHECK_MS);
    for (const name of ['a', 'b']) expect(world.status(name).crlNumber).toBe(2);
    expect(world.entries('a', 'crl')).toHaveLength(1);
  });

  it('is not overtaken by the delta that stands on it', () => {
    const delta = world.pki.deltaCrl({
      number: 3,
      base: 2,
      revoked: [world.node('b').identity],
      thisUpdate: world.now.wall,
    });
    tell(large(2));
    tell(delta);
    expect(world.codes('a')).not.toContain('LS_CRL_DELTA_BASE');
    world.run(CHECK_MS + 100);
    expect(world.status('a').crlNumber).toBe(3);
    expect(world.peer('a', 'b').state).toBe('revoked');
  });

  it('does not hold up a small one that somebody else brings', () => {
    const mallory = new HostileMember(world, 'm');
    const link = mallory.link('a');
    link.send({ kind: 'crl', delta: false, der: large(9) });
    expect(checks()).toBe(1);
    world.revoke(['b'], ['a']);
    expect(world.status('a').crlNumber).toBe(2);
  });

  it('that could not be checked is not taken, and the next one is', () => {
    world.failChecks = true;
    tell(large(2));
    world.run(2 * CHECK_MS);
    expect(world.codes('a')).toContain('LS_CRL_CHECK_FAILED');
    expect(world.status('a').crlNumber).toBe(1);
    world.failChecks = false;
    tell(large(2));
    world.run(2 * CHECK_MS);
    expect(world.status('a').crlNumber).toBe(2);
  });

  it('is not taken on the word of an answer to nothing that was asked', () => {
    tell(large(2));
    const findings = err(fault('LS_CRL_CHECK_FAILED', 'forged'));
    world.feed(world.node('a'), { kind: 'crl-checked', token: 999_999 as Token, findings });
    expect(world.codes('a')).not.toContain('LS_CRL_CHECK_FAILED');
    world.run(2 * CHECK_MS);
    expect(world.status('a').crlNumber).toBe(2);
  });

  it('that no link carries comes into force and is not sent to members', () => {
    const huge = large(2, Math.ceil(MAX_CRL_MESSAGE_BYTES / 35));
    expect(huge.length).toBeGreaterThan(MAX_CRL_MESSAGE_BYTES);
    tell(huge);
    world.run(4 * CHECK_MS);
    expect(world.status('a').crlNumber).toBe(2);
    expect(world.status('b').crlNumber).toBe(1);
    expect(world.peer('a', 'b').alive).toBe(true);
    world.run(5_000);
    expect(world.peer('b', 'a').alive).toBe(true);
  });
});

describe('CRLs that wait', () => {
  it('are replaced by a newer one of their issuer and kind', () => {
    for (const number of [2, 3, 4, 5, 6, 7]) tell(large(number));
    world.run(3 * CHECK_MS);
    expect(world.status('a').crlNumber).toBe(7);
    expect(checks()).toBe(2);
  });

  it('of members are so many at most, and leave the CA its room', () => {
    const links = Array.from({ length: MAX_WAITING_CRLS_OF_MEMBERS + 2 }, (_, i) => {
      const member = new HostileMember(world, world.enroll(`m${i}`).identity);
      return member;
    });
    world.publishRoster();
    world.run(100);
    const der = large(2);
    for (const member of links) member.link('a').send({ kind: 'crl', delta: false, der });
    expect(world.codes('a').filter((code) => code === 'LS_CRL_CHECK_BUSY')).toHaveLength(1);
    tell(large(3));
    expect(world.codes('a').filter((code) => code === 'LS_CRL_CHECK_BUSY')).toHaveLength(1);
    world.run(2 * CHECK_MS + 50);
    expect(world.status('a').crlNumber).toBe(3);
    // The rest are old by now, and nobody goes through them.
    world.run(CHECK_MS);
    expect(checks()).toBe(2);
  });
});
