import type { Authorities } from './facts.ts';
import { hasEnded } from './issuing-ca.ts';
import type { StandingContext } from './standing.ts';

/** The CAs that relying parties are to know, as they stand in one transaction. */
export function authoritiesOf({ cas, issuing, roots, trust, deps }: StandingContext): Authorities {
  const isActive = issuing.row.state === 'active';
  const others = cas.filter((ca) => !hasEnded(ca.row) && ca.generation !== issuing.generation);
  const inOrder = [...(isActive ? [issuing] : []), ...others.toReversed()];
  return {
    roots: trust.roots,
    crossCertificates: roots.flatMap(({ cross }) => cross ?? []),
    issuing: inOrder.map(({ certificate }) => certificate.der),
    active: isActive ? deps.crypto.sha256(issuing.certificate.der) : null,
    renewWithinMs: isActive ? issuing.row.renewWithinMs : null,
  };
}
