import { err, fault, nodeIdOf, ok } from '../std/index.ts';
import type { Fault, NodeId, Result, UnixMs } from '../std/index.ts';
import { pendingFault, seekApproval, usableUntil } from './approval.ts';
import type { CheckedCsr } from './csr.ts';
import { endIdentity } from './end.ts';
import type { Publication } from './facts.ts';
import type { Group, GroupOutcome, Part } from './group.ts';
import { isHeld } from './hold.ts';
import { recordedIntent, recordIntent, type Intent } from './issue.ts';
import { certificateEvent, journal } from './journal.ts';
import { MAX_ROSTER_MEMBERS } from './limits.ts';
import { orderFor } from './node-order.ts';
import type { CertificateRow, NodeRow, RequestRow, TokenRow } from './rows.ts';
import { checkSecret, endedFault, heldFault, judgeName, judgeToken, listedFault } from './token-policy.ts';
import type { AuthorityBase, AuthorityContext } from './standing.ts';

const NODE_ID_BYTES = 16;

/** An enrollment whose token and request were checked as far as one can without the lock. */
export interface Applicant {
  readonly tokenId: string;
  readonly secret: Uint8Array;
  readonly csr: CheckedCsr;
  readonly address: string | null;
}

/**
 * The certificate that this token and key are good for: decided now, or by an earlier try. LS_ENROLL_PENDING, with the
 * request noted down, while an operator has to approve it.
 */
export async function redeem(
  { deps }: AuthorityBase,
  group: Group,
  applicant: Applicant,
  now: UnixMs,
): Promise<Result<Intent, Fault>> {
  const outcome = await group.commit<Intent | RequestRow>(async ({ tx, common, context }) => {
    const at = await common.actingTime(now);
    const token = checkSecret(await tx.token(applicant.tokenId), applicant.secret, deps.crypto);
    if (!token.ok) return token;
    const { spkiSha256, commonName = '' } = applicant.csr;
    const request = await tx.request(applicant.tokenId);
    const until = usableUntil(token.value, request);
    const verdict = judgeToken(token.value, { spkiSha256, name: commonName }, at, until);
    if (!verdict.ok) return verdict;
    if (verdict.value === 'repeat') return repeat({ tx, context }, token.value, applicant.csr);
    const refused = await checkRoom({ tx, common }, token.value, applicant.csr, at);
    if (refused !== undefined) return err(refused);
    const approval = await seekApproval(context, tx, { token: token.value, request, spkiSha256 }, at);
    if (!approval.ok) return approval;
    if (approval.value.kind === 'pending') return ok({ answer: approval.value.request });
    return admit({ tx, common, context }, token.value, applicant, at);
  }, now);
  if (!outcome.ok) return outcome;
  return 'order' in outcome.value ? ok(outcome.value) : err(pendingFault(outcome.value));
}

/** The answer to the first redemption was lost: the same certificate again, signed now if it was not yet. */
async function repeat(
  { tx, context }: Pick<Part, 'tx' | 'context'>,
  token: TokenRow,
  { csr }: CheckedCsr,
): Promise<Result<GroupOutcome<Intent>, Fault>> {
  const row = token.spent === null ? null : await tx.certificate(token.spent.serial);
  const node = row === null || row.nodeId === null ? null : await tx.node(row.nodeId);
  if (row === null || node === null) return err(noRecord(token.name));
  const ended = endOf(node, row);
  if (ended !== undefined) return err(ended);
  const order = { ...orderFor(node, csr.spki, row.issuedAt), serial: row.serial };
  const again = recordedIntent(context, row, order);
  return again.ok ? ok({ answer: again.value }) : again;
}

async function admit(
  { tx, common, context }: Part,
  token: TokenRow,
  { csr, address }: Applicant,
  now: UnixMs,
): Promise<Result<GroupOutcome<Intent>, Fault>> {
  const ended = await makeRoom({ tx, common, context }, token, now);
  const node = newNode(context, token, now);
  await tx.insertNode(node);
  const intent = await recordIntent(context, tx, orderFor(node, csr.csr.spki, now), null);
  if (!intent.ok) return intent;
  const { serial } = intent.value.row;
  if (!(await tx.spendToken(token.tokenId, { at: now, spkiSha256: csr.spkiSha256, serial }))) {
    return err(fault('LS_TOKEN_SPENT', `the token for ${token.name} was redeemed by another request`));
  }
  if (ended !== null) await tx.voidTokens(token.name, 'removed');
  if (address !== null) {
    await tx.putAddress({ nodeId: node.nodeId, name: node.name, address, updatedAt: now });
    common.addressesChanged();
  }
  common.memberAdmitted();
  const publication: Publication = {
    ...(address === null && ended === null ? {} : { seeds: await common.seeds() }),
    ...(ended === null ? {} : { endedNodes: [ended] }),
  };
  return ok({ answer: intent.value, publication, changesRoster: true });
}

/** What speaks against a new identity under the token's name with this key. */
async function checkRoom(
  { tx, common }: Pick<Part, 'tx' | 'common'>,
  token: TokenRow,
  csr: CheckedCsr,
  now: UnixMs,
): Promise<Fault | undefined> {
  const holder = await tx.nodeByName(token.name);
  const taken = judgeName(holder, token.replace);
  if (taken !== undefined) return taken;
  if (holder !== null && (await tx.certificates({ nodeId: holder.nodeId })).some(isHeld)) {
    return heldFault(token.name);
  }
  if ((await tx.certificateByKey(csr.spkiSha256)) !== null) {
    return fault('LS_CSR_KEY_REUSED', 'a certificate for this key was issued before');
  }
  const members = await common.members(now);
  return members >= MAX_ROSTER_MEMBERS
    ? fault('LS_ROSTER_FULL', `the roster has ${members} members`)
    : undefined;
}

/** Frees the name, and answers the identity that this ended. Requires: {@link checkRoom} found nothing. */
async function makeRoom({ tx, common, context }: Part, token: TokenRow, now: UnixMs): Promise<NodeId | null> {
  const holder = token.replace ? await tx.nodeByName(token.name) : null;
  if (holder === null || holder.endedAt !== null) return null;
  await endIdentity(tx, holder, 'removed', now);
  common.addressesChanged();
  const event = certificateEvent('removed', [holder.name, holder.nodeId], context.issuing.certificate.der);
  await journal(tx, [event], now);
  return holder.nodeId;
}

/** The identity, or this certificate of it, may have been ended between the two transactions, or before a repeat. */
export function endOf(node: NodeRow, intent: CertificateRow): Fault | undefined {
  if (node.state === 'revoked' || node.state === 'removed') return endedFault(node.state, node.name);
  return intent.revocation === null ? undefined : listedFault(intent.revocation.reason, node.name);
}

export function noRecord(what: string): Fault {
  return fault('LS_CA_STORE_CORRUPT', `what was recorded for ${what} is gone`);
}

function newNode(context: AuthorityContext, token: TokenRow, now: UnixMs): NodeRow {
  const nodeId = nodeIdOf(context.deps.random.bytes(NODE_ID_BYTES));
  if (nodeId === undefined) throw new RangeError('the random port gave a wrong number of bytes');
  return {
    nodeId,
    name: token.name,
    state: 'enrolled',
    dns: token.dns,
    ip: token.ip,
    enrolledAt: now,
    activatedAt: null,
    endedAt: null,
    reason: null,
    endCrlNumber: null,
    endRosterNumber: null,
  };
}
