import type { UnixMs } from '../std/index.ts';
import type { CrlReason } from '../x509/index.ts';
import { nextRosterNumber } from './roster.ts';
import type { NodeRow } from './rows.ts';
import type { StoreTransaction } from './store.ts';

/** Why an identity ends: the revocation's facts, or none for a removal. */
export interface RevocationMark {
  readonly reason: CrlReason;
  readonly crlNumber: number;
}

/**
 * Ends an identity for good, and its seed address. In the same transaction the caller voids the tokens of its name
 * and publishes a roster, whose number is returned.
 */
export async function endIdentity(
  tx: StoreTransaction,
  node: NodeRow,
  end: 'removed' | RevocationMark,
  now: UnixMs,
): Promise<number> {
  const rosterNumber = await nextRosterNumber(tx);
  const state = end === 'removed' ? 'removed' : 'revoked';
  const { reason, crlNumber } = end === 'removed' ? { reason: null, crlNumber: null } : end;
  await tx.endNode(node.nodeId, { state, at: now, reason, crlNumber, rosterNumber });
  await tx.deleteAddress(node.nodeId);
  return rosterNumber;
}
