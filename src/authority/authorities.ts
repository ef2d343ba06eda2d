import { equalBytes } from '../std/index.ts';
import type { StandingContext } from './context.ts';
import type { Authorities } from './facts.ts';
import { hasEnded } from './issuing-ca.ts';

/** The CAs that relying parties are to know, as they stand in one transaction. */
export function authoritiesOf({ cas, issuing, trust, deps }: StandingContext): Authorities {
  const isActive = issuing.row.state === 'active';
  const others = cas.filter((ca) => !hasEnded(ca.row) && ca.generation !== issuing.generation);
  const inOrder = [...(isActive ? [issuing] : []), ...others.toReversed()];
  return {
    roots: trust.roots,
    crossCertificates: [],
    issuing: inOrder.map(({ certificate }) => certificate.der),
    active: isActive ? deps.crypto.sha256(issuing.certificate.der) : null,
    renewWithinMs: isActive ? issuing.row.renewWithinMs : null,
  };
}

export function sameAuthorities(a: Authorities, b: Authorities): boolean {
  return (
    a.renewWithinMs === b.renewWithinMs &&
    equalBytes(a.active ?? new Uint8Array(), b.active ?? new Uint8Array()) &&
    sameCertificates(a.issuing, b.issuing) &&
    sameCertificates(a.roots, b.roots) &&
    sameCertificates(a.crossCertificates, b.crossCertificates)
  );
}

function sameCertificates(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((der, at) => equalBytes(der, b[at] ?? new Uint8Array()));
}
