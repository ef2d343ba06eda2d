import { signRoster } from '../../src/membership/index.ts';
import type { AuthoritiesTold, NodeEvent } from '../../src/mesh/index.ts';
import { certIdOfCertificate } from '../../src/x509/index.ts';
import { testCrypto } from './crypto.ts';
import { rosterOf } from './hostile-member.ts';
import type { MeshWorld } from './mesh-world.ts';
import type { CertificateOverrides, TestAuthority, TestIdentity } from './pki.ts';

/*
 * Issuing CAs of a MeshWorld's root, one after another, and what the CA's feed says of them:
 *
 *   const g2 = nextGeneration(world);
 *   tell(world, ['a'], toldOf(world, [world.pki.issuing, g2]));
 *   tell(world, ['a'], { kind: 'crl', der: crlOf(world, g2, 2) });
 *   world.renew('a', certifiedBy(world, 'a', g2));
 */

export function nextGeneration(world: MeshWorld, overrides: CertificateOverrides = {}): TestAuthority {
  return world.pki.issuingCa('issuing G2', overrides);
}

export function certifiedBy(world: MeshWorld, name: string, issuer: TestAuthority): TestIdentity {
  return world.pki.node(name, { nodeId: world.node(name).identity.nodeId, issuer });
}

/** A full CRL of that CA. */
export function crlOf(
  world: MeshWorld,
  issuer: TestAuthority,
  number: number,
  revoked: readonly TestIdentity[] = [],
): Uint8Array {
  const issuerKeyId = issuer.certificate.extensions.subjectKeyId?.value ?? new Uint8Array();
  const { subject } = issuer.certificate;
  const thisUpdate = world.now.wall;
  return world.pki.crl({ number, revoked, thisUpdate, issuer: subject, issuerKeyId, signedBy: issuer.key });
}

/** The next roster, signed by that CA; it says nothing new. */
export function rosterBy(world: MeshWorld, issuer: TestAuthority): Uint8Array {
  const held = rosterOf(world);
  const prev = signRoster(held, world.pki.issuing.key, world.pki.domainId, testCrypto).structureHash;
  const certId = certIdOfCertificate(issuer.certificate, testCrypto);
  const body = { ...held, certId, number: held.number + 1, prev };
  return signRoster(body, issuer.key, world.pki.domainId, testCrypto).bytes;
}

/** What the CA tells: all of these are in use, the first one is active unless another is named. */
export function toldOf(
  world: MeshWorld,
  issuing: readonly TestAuthority[],
  fields: Partial<AuthoritiesTold> & { readonly activeIs?: TestAuthority } = {},
): Extract<NodeEvent, { readonly kind: 'authorities' }> {
  const { activeIs = issuing[0], ...others } = fields;
  return {
    kind: 'authorities',
    roots: [world.pki.root.der],
    crossCertificates: [],
    issuing: issuing.map(({ der }) => der),
    active: activeIs === undefined ? null : testCrypto.sha256(activeIs.der),
    renewWithinMs: null,
    ...others,
  };
}

export function tell(world: MeshWorld, names: readonly string[], event: NodeEvent): void {
  for (const name of names) world.feed(world.node(name), event);
}
