import { err, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import type { RenewingNode } from '../trust/index.ts';
import { checkStanding } from './activate.ts';
import { commit } from './context.ts';
import type { IssuedCertificate } from './facts.ts';
import { keepCertificate, signIntent, type Intent } from './issue.ts';
import { actingTime } from './time.ts';
import { endedFault, listedFault } from './token-policy.ts';
import type { AuthorityBase } from './standing.ts';

/**
 * Signs the recorded intent of a renewal and keeps the certificate, unless the identity, or this certificate of it, was
 * ended since. Errors: LS_X509_*, LS_IDENTITY_*.
 */
export async function completeRenewal(
  base: AuthorityBase,
  peer: RenewingNode,
  intent: Intent,
  now: UnixMs,
): Promise<Result<IssuedCertificate, Fault>> {
  const der = signIntent(base, intent);
  if (!der.ok) return der;
  return commit(base, async (tx, context) => {
    const at = await actingTime(tx, now);
    const standing = await checkStanding(tx, peer);
    if (!standing.ok) return standing;
    const row = await tx.certificate(intent.row.serial);
    if (row === null) return err(endedFault('revoked', peer.name));
    if (row.revocation !== null) return err(listedFault(row.revocation.reason, peer.name));
    const kept = await keepCertificate(context, tx, row, der.value, 'reenrolled', at);
    return kept.ok ? ok({ answer: kept.value }) : kept;
  });
}
