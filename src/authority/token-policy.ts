import { equalBytes, err, fault, ok } from '../std/index.ts';
import type { CryptoPort, Fault, Result, UnixMs } from '../std/index.ts';
import type { CrlReason } from '../x509/index.ts';
import type { TokenFacts } from './facts.ts';
import type { NodeRow, TokenRow } from './rows.ts';

export interface Redemption {
  readonly secret: Uint8Array;
  /** SHA-256 of the SubjectPublicKeyInfo that asks. */
  readonly spkiSha256: Uint8Array;
  /** The name the CSR asks for. */
  readonly name: string;
}

/** `fresh`: may be spent now. `repeat`: was spent for this very key, whose certificate is the answer again. */
export type TokenVerdict = 'fresh' | 'repeat';

/** Who does not know the secret learns nothing else of the token: LS_TOKEN_UNKNOWN, as if there were none. */
export function checkSecret(
  token: TokenRow | null,
  secret: Uint8Array,
  crypto: CryptoPort,
): Result<TokenRow, Fault> {
  const known = token !== null && crypto.equalSecrets(crypto.sha256(secret), token.secretSha256);
  return known ? ok(token) : err(fault('LS_TOKEN_UNKNOWN', 'this CA knows no such token'));
}

/**
 * Requires: the secret was checked. `expiresAt`: of the request that waits with the token, which outlives it.
 * Errors: LS_TOKEN_SPENT, _EXPIRED, _WRONG_NAME, LS_IDENTITY_REVOKED, _REMOVED.
 */
export function judgeToken(
  token: TokenRow,
  redemption: Pick<Redemption, 'spkiSha256' | 'name'>,
  now: UnixMs,
  expiresAt: UnixMs = token.expiresAt,
): Result<TokenVerdict, Fault> {
  const { spent, voided, name } = token;
  if (spent !== null && !equalBytes(spent.spkiSha256, redemption.spkiSha256)) {
    return err(fault('LS_TOKEN_SPENT', `the token for ${name} was redeemed for another key`));
  }
  if (now > expiresAt) return err(fault('LS_TOKEN_EXPIRED', `the token for ${name} has expired`));
  if (voided !== null) return err(endedFault(voided, name));
  if (redemption.name !== name) {
    return err(fault('LS_TOKEN_WRONG_NAME', `the token is for ${name}, the request for another name`));
  }
  return ok(spent === null ? 'fresh' : 'repeat');
}

/**
 * Whether a new identity may take the name. `holder`: the live identity of the name, else its last one.
 * Errors: LS_NAME_TAKEN, LS_IDENTITY_REVOKED, LS_IDENTITY_REMOVED.
 */
export function judgeName(holder: NodeRow | null, replace: boolean): Fault | undefined {
  if (holder === null || replace) return undefined;
  if (holder.state === 'revoked' || holder.state === 'removed') return endedFault(holder.state, holder.name);
  return fault('LS_NAME_TAKEN', `${holder.name} is node ${holder.nodeId}`);
}

export function endedFault(state: 'revoked' | 'removed', name: string): Fault {
  return state === 'revoked'
    ? fault('LS_IDENTITY_REVOKED', `the identity of ${name} was revoked`)
    : fault('LS_IDENTITY_REMOVED', `the identity of ${name} was removed`);
}

/** What stands against a certificate that is listed, by why it is. */
export function listedFault(reason: CrlReason, name: string): Fault {
  return reason === 'certificateHold' ? heldFault(name) : endedFault('revoked', name);
}

export function heldFault(name: string): Fault {
  return fault('LS_IDENTITY_HELD', `${name} is on hold`);
}

export function tokenFacts(token: TokenRow, now: UnixMs): TokenFacts {
  const { tokenId, name, dns, ip, replace, approval, est, createdAt, expiresAt } = token;
  return {
    tokenId,
    name,
    dns,
    ip,
    replace,
    approval,
    est,
    createdAt,
    expiresAt,
    status: tokenStatus(token, now),
    spentAt: token.spent?.at ?? null,
  };
}

function tokenStatus(token: TokenRow, now: UnixMs): TokenFacts['status'] {
  if (token.spent !== null) return 'spent';
  if (token.voided !== null) return 'voided';
  return now > token.expiresAt ? 'expired' : 'outstanding';
}
