import { beforeEach, describe, expect, it } from 'vitest';
import { assemble } from '../../../src/mesh/assemble.ts';
import { NodeCore } from '../../../src/mesh/index.ts';
import { FIRST_CRL_WAIT_MS, MAX_KNOWN_ISSUERS } from '../../../src/mesh/issuers.ts';
import { LINK_ISSUERS_BURST } from '../../../src/mesh/link.ts';
import { MAX_WAITING_CRLS } from '../../../src/mesh/revocations.ts';
import { monoMs, unixMs } from '../../../src/std/index.ts';
import { testKey } from '../../support/crypto.ts';
import { certifiedBy, crlOf, nextGeneration, rosterBy, tell, toldOf } from '../../support/generations.ts';
import { HostileMember, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { makeTestPki, type TestAuthority } from '../../support/pki.ts';
import { valueOf } from '../../support/result.ts';

let world: MeshWorld;
let mallory: HostileMember;
let link: HostileLink;
let g1: TestAuthority;
let g2: TestAuthority;

beforeEach(() => {
  world = new MeshWorld(['a', 'b', 'm']);
  world.start('a');
  world.start('b');
  mallory = new HostileMember(world, 'm');
  world.run(1_200);
  link = mallory.link('a');
  g1 = world.pki.issuing;
  g2 = nextGeneration(world);
});

const number = (name = 'a'): number => world.status(name).crlNumber;
const effects = (kind: string, name = 'a') =>
  world.node(name).effects.filter((effect) => effect.kind === kind);
const acknowledged = (name = 'a'): unknown => effects('acknowledge', name).at(-1);
const toA = (event: Parameters<typeof tell>[2]): void => {
  tell(world, ['a'], event);
};
const crlTo = (issuer: TestAuthority, of: number): void => {
  toA({ kind: 'crl', der: crlOf(world, issuer, of) });
};
const isKnown = (issuer: TestAuthority): boolean => {
  toA({ kind: 'roster', bytes: rosterBy(world, issuer) });
  return world.status('a').rosterNumber > world.rosterNumber;
};

describe('the CRL number that a node enforces', () => {
  it('is the smallest of the issuing CAs that the CA names, and 0 while one has none', () => {
    toA(toldOf(world, [g1, g2]));
    expect(number()).toBe(0);
    expect(acknowledged()).toMatchObject({ crlNumber: 0 });
    world.run(2 * FIRST_CRL_WAIT_MS);
    expect(number()).toBe(0);
    crlTo(g2, 7);
    expect(number()).toBe(1);
    crlTo(g1, 8);
    expect(number()).toBe(7);
    expect(acknowledged()).toMatchObject({ crlNumber: 7 });
  });

  it('leaves out one that the CA no longer names, that expired, or that the root has revoked', () => {
    const brief = nextGeneration(world, { notAfter: unixMs(world.now.wall + 9_000) });
    const third = nextGeneration(world);
    toA(toldOf(world, [g1, g2, third, brief]));
    for (const [at, issuer] of [g2, third, brief].entries()) crlTo(issuer, 4 + at);
    crlTo(g1, 9);
    expect(number()).toBe(4);
    toA(toldOf(world, [g1, third, brief]));
    expect(number()).toBe(5);
    toA({ kind: 'crl', der: world.pki.rootCrl({ number: 2, revoked: [third], thisUpdate: world.now.wall }) });
    expect(number()).toBe(6);
    world.run(10_000);
    expect(number()).toBe(9);
    expect(acknowledged()).toMatchObject({ crlNumber: 9 });
  });

  it('waits for the CRL of one that only a peer brought, but not for ever', () => {
    toA(toldOf(world, [g1]));
    link.send({ kind: 'issuer', der: g2.der });
    expect(number()).toBe(0);
    world.run(FIRST_CRL_WAIT_MS + 1_500);
    expect(number()).toBe(1);
    expect(acknowledged()).toMatchObject({ crlNumber: 1 });
  });

  it('goes on without a retired one whose last CRL has run out, where nobody tells', () => {
    const core = assemble(world.optionsOf('a'));
    const { issuers, trust, now } = core;
    const DAY_MS = 86_400_000;
    const numberIn = (ms: number): number =>
      issuers.crlNumber({ now: unixMs(now.wall + ms), mono: monoMs(now.mono + ms) });
    valueOf(issuers.learn([g2.der], { now: now.wall, mono: now.mono }));
    valueOf(trust.take(crlOf(world, g2, 5), issuers.chains, now.wall));
    const lasting = world.pki.crl({ number: 9, nextUpdate: unixMs(now.wall + 30 * DAY_MS) });
    valueOf(trust.take(lasting, issuers.chains, now.wall));
    const lastMs = 3 * DAY_MS - 1_200 + trust.material.graceMs;
    expect(numberIn(lastMs)).toBe(5);
    expect(numberIn(lastMs + 1_201)).toBe(9);
  });
});

describe('what the CA tells of issuing CAs', () => {
  it('counts no further than a pinned root has certified', () => {
    const none: readonly TestAuthority[] = [
      makeTestPki().issuingCa('issuing G2'),
      nextGeneration(world, { signedBy: testKey() }),
      nextGeneration(world, world.pki.faults.expired),
      nextGeneration(world, { basicConstraints: { ca: false, pathLen: undefined } }),
    ];
    for (const issuer of none) {
      toA(toldOf(world, [issuer], { renewWithinMs: 0 }));
      world.run(100);
      expect(isKnown(issuer)).toBe(false);
    }
    const codes = world.codes('a', ['warn']).filter((code) => code === 'LS_MESH_ISSUER');
    expect(codes).toHaveLength(none.length);
    expect(number()).toBe(1);
    expect(effects('renew')).toHaveLength(0);
    expect(effects('keep-authorities')).toHaveLength(0);
  });

  it('is kept on disk before it is acknowledged, and known to the next process', () => {
    toA(toldOf(world, [g1, g2]));
    const kinds = world.node('a').effects.map(({ kind }) => kind);
    expect(kinds.lastIndexOf('keep-authorities')).toBeLessThan(kinds.lastIndexOf('acknowledge'));
    const kept = effects('keep-authorities').at(-1);
    expect(kept).toMatchObject({ roots: [world.pki.root.der], issuing: [g1.der, g2.der] });
    const expired = nextGeneration(world, world.pki.faults.expired);
    const core = new NodeCore({ ...world.optionsOf('a'), issuing: [g1.der, g2.der, expired.der] });
    core.handle({ kind: 'roster', bytes: rosterBy(world, g2) }, world.now);
    expect(core.status(world.now).rosterNumber).toBe(world.rosterNumber + 1);
  });

  it('finds room for one in use where old ones fill the table, and for none that a peer brings', () => {
    toA(toldOf(world, [g1]));
    const old = Array.from({ length: MAX_KNOWN_ISSUERS - 1 }, () => nextGeneration(world));
    for (const issuer of old) link.send({ kind: 'issuer', der: issuer.der });
    link.send({ kind: 'issuer', der: g2.der });
    expect(isKnown(g2)).toBe(false);
    world.run(FIRST_CRL_WAIT_MS + 1_000);
    link = mallory.link('a');
    link.send({ kind: 'issuer', der: g2.der });
    expect(isKnown(g2)).toBe(false);
    expect(world.codes('a', ['debug'])).toContain('LS_MESH_TOO_MANY_ISSUERS');
    toA(toldOf(world, [g1, g2]));
    expect(isKnown(g2)).toBe(true);
  });

  it('is bounded even so: one more in use than can be known is refused, and said', () => {
    const all = Array.from({ length: MAX_KNOWN_ISSUERS }, () => nextGeneration(world));
    toA(toldOf(world, [g1, ...all]));
    expect(world.codes('a', ['warn'])).toContain('LS_MESH_TOO_MANY_ISSUERS');
    expect(isKnown(all[MAX_KNOWN_ISSUERS - 1] ?? g1)).toBe(false);
    expect(isKnown(all[0] ?? g1)).toBe(true);
  });

  it('helps CRLs that came ahead of it, up to a bound', () => {
    const others = Array.from({ length: MAX_WAITING_CRLS + 1 }, () => nextGeneration(world));
    for (const issuer of others) crlTo(issuer, 5);
    crlTo(g1, 5);
    toA(toldOf(world, [g1, ...others.slice(1)]));
    expect(number()).toBe(5);
    toA(toldOf(world, [g1, ...others]));
    expect(number()).toBe(0);
  });
});

describe('a node below another issuing CA than the active one', () => {
  const hurry = (renewWithinMs: number | null, activeIs = g2): void => {
    toA(toldOf(world, [g1, g2], { activeIs, renewWithinMs }));
  };
  const asked = (name = 'a'): number => effects('renew', name).length;

  it('renews within the time it is given, at another moment than its neighbour, and once', () => {
    tell(world, ['a', 'b'], toldOf(world, [g2, g1], { renewWithinMs: 20_000 }));
    crlTo(g2, 1);
    let [first, second] = [0, 0];
    for (let ms = 0; ms <= 20_000; ms += 50) {
      if (asked('a') > 0 && first === 0) first = ms;
      if (asked('b') > 0 && second === 0) second = ms;
      world.run(50);
    }
    expect([asked('a'), asked('b')]).toEqual([1, 1]);
    expect(first).not.toBe(second);
    world.renew('a', certifiedBy(world, 'a', g2));
    tell(world, ['a'], toldOf(world, [g2, g1], { renewWithinMs: 0 }));
    world.run(2 * world.config.renewRetryMs);
    expect(asked('a')).toBe(1);
  });

  it('is not put off by being told again, and asks sooner when told so', () => {
    hurry(60_000);
    for (let i = 0; i < 59; i++) {
      world.run(1_000);
      hurry(60_000);
    }
    world.run(1_001);
    expect(asked()).toBe(1);
    hurry(0, g1);
    const other = nextGeneration(world);
    toA(toldOf(world, [other, g1], { renewWithinMs: 1e9 }));
    toA(toldOf(world, [other, g1], { renewWithinMs: 0 }));
    world.run(100_000);
    expect(asked()).toBeGreaterThan(1);
  });

  it('does not hurry without a time, when told no longer to, or for one that it does not know', () => {
    hurry(null);
    hurry(30_000);
    hurry(null);
    hurry(30_000, g1);
    hurry(30_000, nextGeneration(world));
    toA(toldOf(world, [g1, g2], { active: null, renewWithinMs: 0 }));
    world.run(60_000);
    expect(asked()).toBe(0);
  });

  it('renews no second time for it when the certificate it got is of the old one', () => {
    hurry(0);
    world.run(100);
    expect(asked()).toBe(1);
    world.renew('a', certifiedBy(world, 'a', g1));
    world.run(1_500);
    hurry(0);
    world.run(3 * world.config.renewRetryMs);
    expect(asked()).toBe(1);
  });
});

describe('an issuing certificate that a member offers', () => {
  it('counts when the root has made it, goes on to others, and comes with nothing else', () => {
    link.send({ kind: 'issuer', der: g2.der });
    world.run(50);
    tell(world, ['b'], { kind: 'roster', bytes: rosterBy(world, g2) });
    expect(world.status('b').rosterNumber).toBe(world.rosterNumber + 1);
  });

  it('changes nothing when it is another thing', () => {
    const cross = nextGeneration(world, { key: world.pki.root.key });
    const others: readonly Uint8Array[] = [
      Uint8Array.of(1),
      world.pki.root.der,
      cross.der,
      world.node('b').identity.der,
      makeTestPki().issuing.der,
      nextGeneration(world, { signedBy: testKey() }).der,
      nextGeneration(world, { issuer: g2 }).der,
      g2.der.slice(0, -1),
    ];
    for (const der of others) {
      link.send({ kind: 'issuer', der });
      expect(number()).toBe(1);
    }
    expect(world.codes('a', ['debug']).filter((code) => code === 'LS_MESH_ISSUER')).toHaveLength(
      others.length,
    );
    expect(link.bye).toBeUndefined();
    expect(effects('keep-authorities')).toHaveLength(0);
  });

  it('is not looked at beyond a bound', () => {
    for (let i = 0; i < LINK_ISSUERS_BURST; i++) link.send({ kind: 'issuer', der: Uint8Array.of(i) });
    link.send({ kind: 'issuer', der: g2.der });
    expect(isKnown(g2)).toBe(false);
    world.run(6_000);
    link.send({ kind: 'issuer', der: g2.der });
    expect(isKnown(g2)).toBe(true);
  });

  it('is sent once a link, and ahead of the CRL', () => {
    toA(toldOf(world, [g1, g2]));
    crlTo(g2, 2);
    crlTo(g2, 3);
    crlTo(g1, 3);
    expect(link.messages('issuer').map(({ der }) => der)).toEqual([g2.der]);
    const later = mallory.link('a', { crlNumber: 0 });
    expect(later.messages('issuer').map(({ der }) => der)).toEqual([g2.der]);
    expect(later.messages('crl').length).toBeGreaterThanOrEqual(2);
  });
});

describe('a new root', () => {
  const PKI_DAY = 86_400_000;
  const ca = { basicConstraints: { ca: true, pathLen: undefined }, nameConstraints: null };

  it('is pinned when a pinned one vouches for it, with issuing CAs below it', () => {
    const next = makeTestPki({ root: { subject: { commonName: 'mesh.internal root G2' } } });
    const cross = world.pki.issuingCa('cross', {
      subject: { commonName: 'mesh.internal root G2' },
      key: next.root.key,
      ...ca,
    });
    const { wall } = world.now;
    toA({ kind: 'crl', der: next.rootCrl({ number: 1, thisUpdate: wall }) });
    const roots = [world.pki.root.der, next.root.der];
    toA(toldOf(world, [g1, next.issuing], { roots }));
    expect(world.codes('a', ['warn'])).toContain('LS_TRUST_NEW_ROOT');
    expect(isKnown(next.issuing)).toBe(false);
    toA({ kind: 'crl', der: next.rootCrl({ number: 1, thisUpdate: wall }) });
    toA(toldOf(world, [g1, next.issuing], { roots, crossCertificates: [cross.der] }));
    expect(effects('keep-authorities').at(-1)).toMatchObject({
      roots,
      issuing: [g1.der, next.issuing.der],
    });
    expect(isKnown(next.issuing)).toBe(true);
    const core = world.node('a').core;
    expect(core?.trustMaterial.bundle.anchors.map(({ der }) => der)).toEqual(roots);
    expect(core?.trustMaterial.bundle.domainId).toEqual(world.pki.domainId);
  });

  it('is refused with a cross certificate that the root’s CRL revokes, and from a stranger', () => {
    const subject = { commonName: 'mesh.internal root G2' };
    const next = makeTestPki({ root: { subject } });
    const revoked = world.pki.issuingCa('cross', { subject, key: next.root.key, ...ca });
    const stranger = makeTestPki().issuingCa('cross', { subject, key: next.root.key, ...ca });
    const der = world.pki.rootCrl({ number: 2, revoked: [revoked], thisUpdate: world.now.wall });
    toA({ kind: 'crl', der });
    const roots = [world.pki.root.der, next.root.der];
    toA(toldOf(world, [g1], { roots, crossCertificates: [revoked.der, stranger.der] }));
    expect(world.node('a').core?.trustMaterial.bundle.anchors).toHaveLength(1);
    expect(world.now.wall).toBeLessThan(world.pki.now + PKI_DAY);
  });
});
