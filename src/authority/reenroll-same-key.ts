import { equalBytes, err, fault, ok } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import type { VerifiedPeer } from '../trust/index.ts';
import { checkStanding } from './activate.ts';
import { completeRenewal } from './complete-renewal.ts';
import { commit } from './context.ts';
import { checkCsr } from './csr.ts';
import type { IssuedCertificate } from './facts.ts';
import { recordIntent, type Intent } from './issue.ts';
import { MAX_LIVE_CERTIFICATES_PER_NODE } from './limits.ts';
import { orderFor } from './node-order.ts';
import { actingTime } from './time.ts';
import type { AuthorityBase } from './standing.ts';

/**
 * A further certificate for the key that the caller holds and has shown by its link. RFC 7030 has no room for the
 * statement by which a key names the next one, so a new key is refused: with it the CA alone could give an identity away.
 *
 * Errors: LS_CSR_*, LS_EST_NEW_KEY, LS_EST_SUBJECT, LS_REENROLL_NOT_CURRENT, LS_REENROLL_LIMIT, LS_IDENTITY_*.
 */
export async function reenrollSameKey(
  base: AuthorityBase,
  peer: VerifiedPeer,
  der: Uint8Array,
  now: UnixMs,
): Promise<Result<IssuedCertificate, Fault>> {
  const checked = checkCsr(der, base.deps.crypto);
  if (!checked.ok) return checked;
  const { csr, commonName, spkiSha256 } = checked.value;
  if (!equalBytes(csr.spki, peer.key.spki)) {
    return err(fault('LS_EST_NEW_KEY', `the request is for another key than ${peer.name} uses`));
  }
  if (commonName !== peer.name) {
    return err(fault('LS_EST_SUBJECT', `the certificate is of ${peer.name}, the request for another name`));
  }
  const intent = await decide(base, peer, { spki: csr.spki, spkiSha256 }, now);
  if (!intent.ok) return intent;
  return completeRenewal(base, peer, intent.value, now);
}

async function decide(
  base: AuthorityBase,
  peer: VerifiedPeer,
  { spki, spkiSha256 }: { readonly spki: Uint8Array; readonly spkiSha256: Uint8Array },
  now: UnixMs,
): Promise<Result<Intent, Fault>> {
  return commit<Intent>(base, async (tx, context) => {
    const at = await actingTime(tx, now);
    const standing = await checkStanding(tx, peer);
    if (!standing.ok) return standing;
    const { node, current } = standing.value;
    const newest = await tx.newestCertificate(node.nodeId);
    if (newest === null || !equalBytes(newest.spkiSha256, spkiSha256)) {
      return err(
        fault('LS_REENROLL_NOT_CURRENT', `${node.name} has a newer key than that of ${current.serial}`),
      );
    }
    const live = await tx.countUnexpiredCertificates(node.nodeId, at);
    if (live >= MAX_LIVE_CERTIFICATES_PER_NODE) {
      return err(fault('LS_REENROLL_LIMIT', `${node.name} has ${live} unexpired certificates`));
    }
    await tx.confirmCertificate(current.serial, at);
    const intent = await recordIntent(context, tx, orderFor(node, spki, at), newest.serial);
    return intent.ok ? ok({ answer: intent.value }) : intent;
  });
}
