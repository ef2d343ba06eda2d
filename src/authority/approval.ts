import { encodeBase64Url } from '../codec/index.ts';
import { equalBytes, err, fault, ok, toHex, unixMs, utf8 } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import type { RequestVerdict } from './authority.ts';
import { commit, type Outcome } from './context.ts';
import type { RequestFacts } from './facts.ts';
import { certificateEvent, journal, NO_REASON } from './journal.ts';
import { MAX_PENDING_REQUESTS, MAX_REASON_LENGTH, REQUEST_TTL_MS } from './limits.ts';
import type { RequestDecision, RequestRow, TokenRow } from './rows.ts';
import type { StoreTransaction } from './store.ts';
import { actingTime } from './time.ts';
import type { AuthorityBase, AuthorityContext } from './standing.ts';

/*
 * With approval, a token alone admits nobody. Whoever redeems it first binds it to a key and waits; an operator who has
 * compared that key with the one the node shows approves or denies; and the same key asks again and is admitted. So
 * everything that admission checks is checked when it happens, and an approval is good for one key and one name.
 */

/** What an enrollment has to wait for, if for anything. */
export type Approval = { readonly kind: 'none' } | { readonly kind: 'pending'; readonly request: RequestRow };

/** Until when a token may be used: the request that waits with it outlives it. */
export function usableUntil(token: TokenRow, request: RequestRow | null): UnixMs {
  return unixMs(Math.max(token.expiresAt, request?.expiresAt ?? 0));
}

/**
 * Whether the key may be admitted now; a key that asks for the first time with a token that needs approval is noted
 * down. Requires: `mayBeAdmitted` says what would be refused even with an approval.
 * Errors: LS_TOKEN_SPENT for another key than the one that waits, LS_ENROLL_DENIED, LS_ENROLL_QUEUE_FULL.
 */
export async function seekApproval(
  context: AuthorityContext,
  tx: StoreTransaction,
  { token, request, spkiSha256 }: Petition,
  now: UnixMs,
): Promise<Result<Approval, Fault>> {
  const isNeeded = token.approval || context.deps.config.requireApproval === true;
  if (request === null) {
    return isNeeded ? noteDown(context, tx, token, spkiSha256, now) : ok({ kind: 'none' });
  }
  const refused = refusalOf(request, spkiSha256);
  if (refused !== undefined) return err(refused);
  const isApproved = request.decision !== null || !isNeeded;
  return ok(isApproved ? { kind: 'none' } : { kind: 'pending', request });
}

export interface Petition {
  readonly token: TokenRow;
  readonly request: RequestRow | null;
  readonly spkiSha256: Uint8Array;
}

function refusalOf({ name, spkiSha256, decision }: RequestRow, asking: Uint8Array): Fault | undefined {
  if (!equalBytes(spkiSha256, asking)) {
    return fault('LS_TOKEN_SPENT', `an enrollment of ${name} with another key waits on this token`);
  }
  if (decision?.verdict !== 'denied') return undefined;
  const why = decision.reason === null ? 'no reason was given' : decision.reason;
  return fault('LS_ENROLL_DENIED', `the enrollment of ${name} was denied (${decision.by}): ${why}`);
}

export function pendingFault({ tokenId, name, spkiSha256 }: RequestRow): Fault {
  const key = toHex(spkiSha256);
  return fault('LS_ENROLL_PENDING', `request ${tokenId} of ${name} with key ${key} waits for approval`);
}

async function noteDown(
  context: AuthorityContext,
  tx: StoreTransaction,
  { tokenId, name }: TokenRow,
  spkiSha256: Uint8Array,
  now: UnixMs,
): Promise<Result<Approval, Fault>> {
  const waiting = await tx.countPendingRequests(now);
  if (waiting >= MAX_PENDING_REQUESTS) {
    return err(fault('LS_ENROLL_QUEUE_FULL', `${waiting} enrollments wait for approval`));
  }
  const expiresAt = unixMs(now + REQUEST_TTL_MS);
  const request = { tokenId, name, spkiSha256, requestedAt: now, expiresAt, decision: null };
  await tx.insertRequest(request);
  const values = [name, tokenId, toHex(spkiSha256)];
  await journal(tx, [certificateEvent('enrollment-requested', values, context.issuing.certificate.der)], now);
  return ok({ kind: 'pending', request });
}

export async function listRequests(
  base: AuthorityBase,
  all: boolean,
  now: UnixMs,
): Promise<Result<readonly RequestFacts[], Fault>> {
  return base.deps.store.read(async (tx) => {
    const at = await actingTime(tx, now);
    const tokens = new Map((await tx.tokens()).map((token) => [token.tokenId, token]));
    const listed = (await tx.requests()).flatMap((row) => {
      const token = tokens.get(row.tokenId);
      return token === undefined ? [] : [factsOf(row, token, at)];
    });
    return ok(listed.filter(({ status }) => all || status === 'pending'));
  });
}

/** Errors: LS_ENROLL_REQUEST_UNKNOWN, LS_ENROLL_REQUEST_OVER, LS_CA_REQUEST for a reason that is none. */
export async function decideRequest(
  base: AuthorityBase,
  { requestId, verdict, by, reason = '' }: RequestVerdict,
  now: UnixMs,
): Promise<Result<RequestFacts, Fault>> {
  const unfit = checkReason(reason);
  if (unfit !== undefined) return err(unfit);
  return commit<RequestFacts>(base, async (tx, context) => {
    const at = await actingTime(tx, now);
    const [request, token] = [await tx.request(requestId), await tx.token(requestId)];
    if (request === null || token === null) {
      return err(fault('LS_ENROLL_REQUEST_UNKNOWN', 'no enrollment with this ID waits or has waited'));
    }
    const before = factsOf(request, token, at);
    if (before.status === verdict) return ok({ answer: before });
    const over = whyOver(before, verdict);
    if (over !== undefined) return err(over);
    return decide(context, tx, { request, token }, { verdict, at, by, reason: reason || null });
  });
}

async function decide(
  context: AuthorityContext,
  tx: StoreTransaction,
  { request, token }: { readonly request: RequestRow; readonly token: TokenRow },
  decision: RequestDecision,
): Promise<Result<Outcome<RequestFacts>, Fault>> {
  await tx.decideRequest(request.tokenId, decision);
  const { verdict, by, at, reason } = decision;
  const said = reason === null ? NO_REASON : encodeBase64Url(context.deps.crypto.sha256(utf8(reason)));
  const values = [request.name, request.tokenId, by, said];
  await journal(tx, [certificateEvent(`enrollment-${verdict}`, values, context.issuing.certificate.der)], at);
  return ok({ answer: factsOf({ ...request, decision }, token, at) });
}

/** An approval can be taken back until the node has come for its certificate; a denial is final. */
function whyOver({ name, status }: RequestFacts, verdict: RequestDecision['verdict']): Fault | undefined {
  if (status === 'pending' || (status === 'approved' && verdict === 'denied')) return undefined;
  return fault('LS_ENROLL_REQUEST_OVER', `the request of ${name} is ${status}`);
}

/** It is printed on the node's terminal. */
function checkReason(reason: string): Fault | undefined {
  if (reason.length > MAX_REASON_LENGTH || /[\p{C}\p{Zl}\p{Zp}]/u.test(reason)) {
    return fault('LS_CA_REQUEST', `a reason is one line of at most ${MAX_REASON_LENGTH} characters`);
  }
  return undefined;
}

function factsOf(row: RequestRow, token: TokenRow, now: UnixMs): RequestFacts {
  const { tokenId, name, spkiSha256, requestedAt, expiresAt, decision } = row;
  const { dns, ip, replace } = token;
  return {
    requestId: tokenId,
    name,
    dns,
    ip,
    replace,
    keySha256: spkiSha256,
    requestedAt,
    expiresAt,
    status: statusOf(row, token, now),
    decidedAt: decision?.at ?? null,
    decidedBy: decision?.by ?? null,
    reason: decision?.reason ?? null,
  };
}

function statusOf({ decision, expiresAt }: RequestRow, token: TokenRow, now: UnixMs): RequestFacts['status'] {
  if (token.spent !== null) return 'enrolled';
  if (decision?.verdict === 'denied') return 'denied';
  if (now > expiresAt || token.voided !== null) return 'expired';
  return decision === null ? 'pending' : 'approved';
}
