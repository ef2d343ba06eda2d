import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_KNOWN_ISSUERS } from '../../../src/mesh/issuers.ts';
import { signRoster } from '../../../src/membership/index.ts';
import { certIdOfCertificate } from '../../../src/x509/index.ts';
import { equalBytes, unixMs } from '../../../src/std/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { rosterOf } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import {
  makeTestPki,
  type CertificateOverrides,
  type TestAuthority,
  type TestIdentity,
} from '../../support/pki.ts';

/* The root certifies a second issuing CA while three nodes run. Nobody restarts. */

const NAMES = ['a', 'b', 'c'];
const DAY_MS = 86_400_000;

let world: MeshWorld;

beforeEach(() => {
  world = new MeshWorld(NAMES);
  world.startAll();
  world.run(1_500);
});

function successorCa(overrides: CertificateOverrides = {}): TestAuthority {
  return world.pki.issuingCa('issuing 2', overrides);
}

function certified(name: string, issuer: TestAuthority): TestIdentity {
  return world.pki.node(name, { nodeId: world.node(name).identity.nodeId, issuer });
}

/** A CRL of that CA, by the tested form of the first one's with other names. */
function crlOf(issuer: TestAuthority, number: number, revoked: readonly TestIdentity[] = []): Uint8Array {
  const issuerKeyId = issuer.certificate.extensions.subjectKeyId?.value ?? new Uint8Array();
  const { subject } = issuer.certificate;
  const thisUpdate = world.now.wall;
  return world.pki.crl({
    number,
    revoked,
    thisUpdate,
    issuer: subject,
    issuerKeyId,
    signedBy: issuer.key,
  });
}

/** The next roster, signed by that CA; it says nothing new. */
function rosterBy(issuer: TestAuthority): Uint8Array {
  const held = rosterOf(world);
  const prev = signRoster(held, world.pki.issuing.key, world.pki.domainId, testCrypto).structureHash;
  const certId = certIdOfCertificate(issuer.certificate, testCrypto);
  const body = { ...held, certId, number: held.number + 1, prev };
  return signRoster(body, issuer.key, world.pki.domainId, testCrypto).bytes;
}

function feedAll(event: Parameters<MeshWorld['feed']>[1]): void {
  for (const name of NAMES) world.feed(world.node(name), event);
}

function present(issuer: TestAuthority, to = 'a'): void {
  world.intrude(to, certified('b', issuer).chain);
}

describe('a new issuing CA', () => {
  it('is followed by running nodes: certificates, CRLs and rosters, and nobody is ever missed', () => {
    const next = successorCa();
    const before = NAMES.map((name) => world.node(name).transitions.length);
    feedAll({ kind: 'crl', der: crlOf(next, 1) });
    for (const name of NAMES) {
      world.renew(name, certified(name, next));
      world.run(1_500);
    }
    feedAll({ kind: 'roster', bytes: rosterBy(next) });
    world.run(3_000);
    for (const name of NAMES) {
      expect(world.status(name).rosterNumber).toBe(world.rosterNumber + 1);
      for (const other of NAMES.filter((each) => each !== name)) {
        expect(world.peer(name, other).state).toBe('alive');
      }
    }
    expect(NAMES.map((name) => world.node(name).transitions.length)).toEqual(before);
    feedAll({ kind: 'crl', der: crlOf(next, 2, [world.node('c').identity]) });
    world.run(500);
    expect(world.peer('a', 'c').state).toBe('revoked');
    expect(world.peer('b', 'c').state).toBe('revoked');
  });

  it('has its CRL and roster taken late, when its certificate comes after them', () => {
    const next = successorCa();
    const { nodeId } = world.node('b').identity;
    const leaf = world.pki.node('b', { nodeId, issuer: next });
    world.feed(world.node('a'), { kind: 'crl', der: crlOf(next, 1, [leaf]) });
    world.feed(world.node('a'), { kind: 'roster', bytes: rosterBy(next) });
    expect(world.status('a').rosterNumber).toBe(world.rosterNumber);
    const held = world.entries('a', 'crl').length;
    world.intrude('a', leaf.chain);
    expect(world.status('a').rosterNumber).toBe(world.rosterNumber + 1);
    world.run(50);
    expect(world.entries('a', 'crl')).toHaveLength(held + 1);
  });

  it('has its CRL kept on the disk of all nodes, and again when one renews below it', () => {
    const next = successorCa();
    const der = crlOf(next, 1);
    const kept = (name: string): number =>
      world.node(name).effects.filter((effect) => effect.kind === 'keep-crl' && equalBytes(effect.der, der))
        .length;
    feedAll({ kind: 'crl', der });
    world.renew('b', certified('b', next));
    world.run(1_500);
    expect([kept('a'), kept('b')]).toEqual([1, 2]);
    expect(world.entries('a', 'crl').map((entry) => entry.der)).toContainEqual(der);
  });
});

describe('no roster counts of an issuing CA', () => {
  const refused = (issuer: TestAuthority): void => {
    present(issuer);
    world.feed(world.node('a'), { kind: 'roster', bytes: rosterBy(issuer) });
    expect(world.status('a').rosterNumber).toBe(world.rosterNumber);
    expect(world.codes('a')).toContain('LS_MESH_ROSTER_SIGNER');
  };

  it('of another root', () => {
    refused(makeTestPki().issuingCa('issuing 2'));
  });

  it('whose certificate the root did not sign', () => {
    refused(successorCa({ signedBy: testKey() }));
  });

  it('that expired', () => {
    refused(successorCa(world.pki.faults.expired));
  });

  it('that is none: a member with a certificate below its own', () => {
    refused(world.node('b').identity);
    refused(successorCa({ basicConstraints: { ca: false, pathLen: undefined } }));
  });

  it('that the root’s CRL revokes, before it was known or after', () => {
    const [early, late] = [successorCa(), successorCa()];
    const { wall } = world.now;
    const rootCrl = (number: number, revoked: readonly TestAuthority[]): Uint8Array =>
      world.pki.rootCrl({ number, revoked, thisUpdate: wall });
    present(late);
    feedAll({ kind: 'crl', der: rootCrl(2, [early]) });
    refused(early);
    feedAll({ kind: 'crl', der: rootCrl(3, [early, late]) });
    refused(late);
  });

  it('beyond the bound, while those known are good', () => {
    for (let known = 1; known < MAX_KNOWN_ISSUERS; known += 1) present(successorCa());
    expect(world.codes('a', ['debug'])).not.toContain('LS_MESH_TOO_MANY_ISSUERS');
    refused(successorCa());
    expect(world.codes('a', ['debug'])).toContain('LS_MESH_TOO_MANY_ISSUERS');
  });

  it('that expired after it was known, which makes room for another', () => {
    const brief = successorCa({ notAfter: unixMs(world.now.wall + 5_000) });
    present(brief);
    for (let known = 2; known < MAX_KNOWN_ISSUERS; known += 1) present(successorCa());
    world.run(6_000);
    const next = successorCa({ notAfter: unixMs(world.now.wall + DAY_MS) });
    present(next);
    refused(brief);
    world.feed(world.node('a'), { kind: 'roster', bytes: rosterBy(next) });
    expect(world.status('a').rosterNumber).toBe(world.rosterNumber + 1);
  });
});
