import { err, fault, ok, toHex, unixMs } from '../std/index.ts';
import type { Fault, NodeName, Result, UnixMs } from '../std/index.ts';
import type { CreatedToken, TokenRequest } from './authority.ts';
import { commit } from './context.ts';
import type { TokenFacts } from './facts.ts';
import { certificateEvent, journal, NEEDS_APPROVAL, OPEN_TO_EST } from './journal.ts';
import {
  DEFAULT_TOKEN_TTL_MS,
  MAX_OUTSTANDING_TOKENS,
  MAX_TOKEN_TTL_MS,
  MIN_TOKEN_TTL_MS,
  TOKEN_AFTERLIFE_MS,
} from './limits.ts';
import { checkGrantedNames, checkNodeName, type GrantedNames } from './names.ts';
import { checkPermitted } from './permitted-names.ts';
import type { TokenRow } from './rows.ts';
import type { StoreTransaction } from './store.ts';
import { actingTime } from './time.ts';
import { encodeToken, TOKEN_ID_BYTES, TOKEN_SECRET_BYTES } from './token.ts';
import { judgeName, tokenFacts } from './token-policy.ts';
import type { AuthorityBase, AuthorityContext } from './standing.ts';

interface CheckedRequest extends GrantedNames {
  readonly name: NodeName;
  readonly ttlMs: number;
  readonly replace: boolean;
  readonly approval: boolean;
  readonly est: boolean;
}

/**
 * Errors: LS_NAME_INVALID, LS_SAN_INVALID, LS_SAN_LIMIT, LS_SAN_NOT_PERMITTED, LS_TOKEN_TTL, LS_TOKEN_LIMIT, and
 * what enrollment would say of the name: LS_NAME_TAKEN, LS_IDENTITY_REVOKED, LS_IDENTITY_REMOVED.
 */
export async function createToken(
  base: AuthorityBase,
  request: TokenRequest,
  now: UnixMs,
): Promise<Result<CreatedToken, Fault>> {
  const checked = checkRequest(base, request);
  if (!checked.ok) return checked;
  const { crypto, random } = base.deps;
  const tokenId = toHex(random.bytes(TOKEN_ID_BYTES));
  const secret = random.bytes(TOKEN_SECRET_BYTES);
  return commit(base, async (tx, context) => {
    const forbidden = checkPermitted(context.issuing.certificate, checked.value);
    if (forbidden !== undefined) return err(forbidden);
    const createdAt = await actingTime(tx, now);
    const row: TokenRow = {
      tokenId,
      secretSha256: crypto.sha256(secret),
      name: checked.value.name,
      dns: checked.value.dns,
      ip: checked.value.ip,
      replace: checked.value.replace,
      approval: checked.value.approval,
      est: checked.value.est,
      createdAt,
      expiresAt: unixMs(createdAt + checked.value.ttlMs),
      voided: null,
      spent: null,
    };
    const refused = await keepToken(context, tx, row);
    if (refused !== undefined) return err(refused);
    const token = encodeToken({
      urls: context.deps.config.urls,
      rootSha256: crypto.sha256(context.root.der),
      tokenId,
      secret,
      name: row.name,
    });
    return ok({ answer: { token, facts: tokenFacts(row, createdAt) } });
  });
}

export async function listTokens(
  base: AuthorityBase,
  now: UnixMs,
): Promise<Result<readonly TokenFacts[], Fault>> {
  return base.deps.store.read(async (tx) => {
    const at = await actingTime(tx, now);
    return ok((await tx.tokens()).map((row) => tokenFacts(row, at)));
  });
}

/** Errors: LS_TOKEN_UNKNOWN. */
export async function deleteToken(
  base: AuthorityBase,
  tokenId: string,
  now: UnixMs,
): Promise<Result<TokenFacts, Fault>> {
  return commit(base, async (tx, context) => {
    const at = await actingTime(tx, now);
    const row = await tx.token(tokenId);
    if (row === null || !(await tx.deleteToken(tokenId))) {
      return err(fault('LS_TOKEN_UNKNOWN', 'this CA knows no such token'));
    }
    await journal(
      tx,
      [certificateEvent('token-deleted', [row.name, tokenId], context.issuing.certificate.der)],
      at,
    );
    return ok({ answer: tokenFacts(row, at) });
  });
}

function checkRequest({ deps }: AuthorityBase, request: TokenRequest): Result<CheckedRequest, Fault> {
  const name = checkNodeName(request.name);
  if (!name.ok) return name;
  const names = checkGrantedNames(request.dns ?? [], request.ip ?? []);
  if (!names.ok) return names;
  const ttlMs = request.ttlMs ?? DEFAULT_TOKEN_TTL_MS;
  if (!Number.isSafeInteger(ttlMs) || ttlMs < MIN_TOKEN_TTL_MS || ttlMs > MAX_TOKEN_TTL_MS) {
    return err(fault('LS_TOKEN_TTL', `a time to live of ${ttlMs} ms was asked for`));
  }
  const approval = request.approval === true || deps.config.requireApproval === true;
  const { replace = false, est = false } = request;
  return ok({ ...names.value, name: name.value, ttlMs, replace, approval, est });
}

async function keepToken(
  context: AuthorityContext,
  tx: StoreTransaction,
  row: TokenRow,
): Promise<Fault | undefined> {
  await tx.purgeTokens(unixMs(row.createdAt - TOKEN_AFTERLIFE_MS));
  const outstanding = await tx.countOutstandingTokens(row.createdAt);
  if (outstanding >= MAX_OUTSTANDING_TOKENS) {
    return fault('LS_TOKEN_LIMIT', `${outstanding} tokens are outstanding`);
  }
  const taken = judgeName(await tx.nodeByName(row.name), row.replace);
  if (taken !== undefined) return taken;
  await tx.insertToken(row);
  const marks = [...(row.approval ? [NEEDS_APPROVAL] : []), ...(row.est ? [OPEN_TO_EST] : [])];
  const values = [row.name, row.tokenId, ...(marks.length === 0 ? [] : [marks.join(',')])];
  const event = certificateEvent('token-created', values, context.issuing.certificate.der);
  await journal(tx, [event], row.createdAt);
  return undefined;
}
