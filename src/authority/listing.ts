import type { SerialNumber } from '../std/index.ts';
import { certificateEvent, journal } from './journal.ts';
import type { CertificateRow, RevocationRow } from './rows.ts';
import type { StoreTransaction } from './store.ts';
import type { AuthorityContext } from './standing.ts';

/** Puts certificates on the CRLs to come; a revocation takes the place of a hold. */
export async function listCertificates(
  context: AuthorityContext,
  tx: StoreTransaction,
  certificates: readonly CertificateRow[],
  mark: Omit<RevocationRow, 'serial' | 'issuer'>,
): Promise<void> {
  for (const { serial, revocation, issuer } of certificates) {
    if (revocation !== null) await tx.deleteRevocation(serial);
    await tx.insertRevocation({ serial, ...mark, issuer });
  }
  const word = mark.reason === 'certificateHold' ? 'held' : 'revoked';
  const event = ({ name, serial, der }: { name: string; serial: SerialNumber; der: Uint8Array | null }) =>
    certificateEvent(word, [name, serial, mark.reason], der ?? context.issuing.certificate.der);
  await journal(tx, certificates.map(event), mark.revokedAt);
}
