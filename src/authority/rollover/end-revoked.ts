import { equalBytes, type UnixMs } from '../../std/index.ts';
import type { Certificate, CertificateList } from '../../x509/index.ts';
import { authoritiesOf } from '../authorities.ts';
import type { Publication } from '../facts.ts';
import { hasEnded, type IssuingCa } from '../issuing-ca.ts';
import { certificateEvent, journal } from '../journal.ts';
import type { StoreTransaction } from '../store.ts';
import { standingIn, type StandingContext } from '../standing.ts';

/**
 * Ends every issuing CA that a CRL of the root lists, and answers what the nodes are told of that. Requires: in the
 * same transaction the CRL is kept after this.
 */
export async function endRevoked(
  context: StandingContext,
  tx: StoreTransaction,
  list: Pick<CertificateList, 'issuer' | 'entries'>,
  now: UnixMs,
): Promise<Pick<Publication, 'authorities'>> {
  const doomed = context.cas.filter(
    ({ row, certificate }) => !hasEnded(row) && isRevokedBy(list, certificate),
  );
  for (const ca of doomed) await endRevokedCa(tx, ca, now);
  return doomed.length === 0 ? {} : { authorities: authoritiesOf(await standingIn(context, tx)) };
}

/** Whether it is the root with this CRL that has certified the CA, and revokes it. */
export function isRevokedBy(
  { issuer, entries }: Pick<CertificateList, 'issuer' | 'entries'>,
  certificate: Certificate,
): boolean {
  return equalBytes(issuer, certificate.issuer) && entries.find(certificate.serialHex) !== undefined;
}

/** Its row, and the entry of the ledger that goes before the root's CRL. */
export async function endRevokedCa(
  tx: StoreTransaction,
  { row, generation, certificate }: IssuingCa,
  now: UnixMs,
): Promise<void> {
  await tx.updateIssuer({ ...row, state: 'revoked', endedAt: now });
  const values = [String(generation), certificate.serialHex];
  await journal(tx, [certificateEvent('issuing-revoked', values, certificate.der)], now);
}
