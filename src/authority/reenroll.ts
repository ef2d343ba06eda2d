import { decodeSuccessor, verifyRecord } from '../heartbeat/index.ts';
import { equalBytes, err, fault, ok } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import type { RenewingNode } from '../trust/index.ts';
import { checkStanding } from './activate.ts';
import type { ReenrollRequest } from './authority.ts';
import { completeRenewal } from './complete-renewal.ts';
import { commit } from './context.ts';
import { checkCsr, type CheckedCsr } from './csr.ts';
import type { IssuedCertificate } from './facts.ts';
import { recordedIntent, recordIntent, type Intent } from './issue.ts';
import { journal } from './journal.ts';
import { MAX_LIVE_CERTIFICATES_PER_NODE } from './limits.ts';
import { orderFor } from './node-order.ts';
import type { CertificateRow, NodeRow } from './rows.ts';
import type { StoreTransaction } from './store.ts';
import { actingTime } from './time.ts';
import type { AuthorityBase } from './standing.ts';

/**
 * A further certificate for an identity that shows its current key twice: by the link the request came over, and
 * by the successor statement for the new key. Two transactions, as in enrollment.
 *
 * Errors: LS_CSR_*, LS_REENROLL_*, LS_IDENTITY_REVOKED, LS_IDENTITY_REMOVED.
 */
export async function reenroll(
  base: AuthorityBase,
  peer: RenewingNode,
  request: ReenrollRequest,
  now: UnixMs,
): Promise<Result<IssuedCertificate, Fault>> {
  const csr = checkCsr(request.csr, base.deps.crypto);
  if (!csr.ok) return csr;
  const unproven = checkSuccessor(base, peer, request.successor, csr.value);
  if (unproven !== undefined) return err(unproven);
  const intent = await decide(base, peer, request.successor, csr.value, now);
  if (!intent.ok) return intent;
  return completeRenewal(base, peer, intent.value, now);
}

/** The present key says which key follows it, and for which identity. */
function checkSuccessor(
  { deps: { crypto }, trust }: AuthorityBase,
  peer: RenewingNode,
  bytes: Uint8Array,
  { csr }: CheckedCsr,
): Fault | undefined {
  if (equalBytes(csr.spki, peer.key.spki)) {
    return fault('LS_REENROLL_SAME_KEY', 'the request is for the key that is in use');
  }
  const refuse = (detail: string, cause?: Fault): Fault => fault('LS_REENROLL_SUCCESSOR', detail, cause);
  const decoded = decodeSuccessor(bytes);
  if (!decoded.ok) return refuse('the successor statement is malformed', decoded.error);
  const verified = verifyRecord(crypto, trust.domainId, decoded.value, peer.key);
  if (!verified.ok) return refuse('the successor statement is not by the present key', verified.error);
  const { nodeId, oldSpkiHash, newSpki } = verified.value.body;
  if (nodeId !== peer.nodeId) return refuse(`the successor statement is for node ${nodeId}`);
  if (!equalBytes(oldSpkiHash, crypto.sha256(peer.key.spki))) {
    return refuse('the successor statement names another present key');
  }
  return equalBytes(newSpki, csr.spki) ? undefined : refuse('the successor statement names another new key');
}

/** What this successor gets: decided now, or by an earlier try. */
async function decide(
  base: AuthorityBase,
  peer: RenewingNode,
  successor: Uint8Array,
  csr: CheckedCsr,
  now: UnixMs,
): Promise<Result<Intent, Fault>> {
  return commit<Intent>(base, async (tx, context) => {
    const at = await actingTime(tx, now);
    const standing = await checkStanding(tx, peer);
    if (!standing.ok) return standing;
    const { node, current } = standing.value;
    const known = await tx.certificateByKey(csr.spkiSha256);
    if (known !== null) {
      const order = { ...orderFor(node, csr.csr.spki, known.issuedAt), serial: known.serial };
      if (known.predecessor !== current.serial || known.notAfter < at) {
        return err(fault('LS_CSR_KEY_REUSED', 'a certificate for this key was issued before'));
      }
      const again = recordedIntent(context, known, order);
      return again.ok ? ok({ answer: again.value }) : again;
    }
    const refused = await checkTurn(tx, node, current, at);
    if (refused !== undefined) return err(refused);
    await tx.confirmCertificate(current.serial, at);
    await journal(tx, [{ type: 'successor', record: successor }], at);
    const intent = await recordIntent(context, tx, orderFor(node, csr.csr.spki, at), current.serial);
    return intent.ok ? ok({ answer: intent.value }) : intent;
  });
}

/**
 * Only the newest key of an identity names the next one, or a line of keys would fork. One exception: while its
 * newest certificate was never used (its answer was lost), the key before it may name another.
 */
async function checkTurn(
  tx: StoreTransaction,
  node: NodeRow,
  current: CertificateRow,
  now: UnixMs,
): Promise<Fault | undefined> {
  const newest = await tx.newestCertificate(node.nodeId);
  const isLostAnswer = newest?.confirmedAt === null && newest.predecessor === current.serial;
  if (newest?.serial !== current.serial && !isLostAnswer) {
    return fault('LS_REENROLL_NOT_CURRENT', `${node.name} has a newer key than that of ${current.serial}`);
  }
  const live = await tx.countUnexpiredCertificates(node.nodeId, now);
  return live < MAX_LIVE_CERTIFICATES_PER_NODE
    ? undefined
    : fault('LS_REENROLL_LIMIT', `${node.name} has ${live} unexpired certificates`);
}
