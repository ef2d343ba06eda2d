import { MAX_LIVE_CERTIFICATES_PER_NODE, TOKEN_AFTERLIFE_MS } from '../../../src/authority/index.ts';
import type { RevocationReason } from '../../../src/authority/index.ts';
import {
  certificatesOf,
  endedCode,
  holderOf,
  isEnded,
  type KnownCertificate,
  type KnownIdentity,
  type KnownToken,
  type View,
} from './view.ts';

/*
 * The rules of the authority, said once more. Each answers the code it refuses with, or changes the view and answers
 * what the CA has to say. `at` is the time that the CA acts at.
 */

/** A refusal, or what was done to which certificates; `fresh` is false for what had been done before. */
export type Outcome =
  { readonly code: string } | { readonly fresh: boolean; readonly serials: readonly string[] };

const refusal = (code: string): Outcome => ({ code });

export function revokeIdentity(view: View, name: string, at: number): Outcome {
  const identity = holderOf(view, name);
  if (identity === undefined) return refusal('LS_CA_UNKNOWN_SUBJECT');
  // Which of its certificates that one was about is not kept here.
  if (identity.state === 'revoked') return { fresh: false, serials: [] };
  identity.state = 'revoked';
  voidTokens(view, name, 'revoked');
  const doomed = certificatesOf(view, identity.nodeId).filter(
    ({ status, notAfter }) => status === 'held' || (status === 'good' && notAfter >= at),
  );
  for (const certificate of doomed) certificate.status = 'revoked';
  return { fresh: true, serials: serialsOf(doomed) };
}

export function hold(view: View, name: string, at: number): Outcome {
  const identity = holderOf(view, name);
  if (identity === undefined) return refusal('LS_CA_UNKNOWN_SUBJECT');
  if (isEnded(identity)) return refusal(endedCode(identity));
  const unexpired = certificatesOf(view, identity.nodeId).filter(({ notAfter }) => notAfter >= at);
  const free = unexpired.filter(({ status }) => status === 'good');
  if (free.length === 0 && !unexpired.some(({ status }) => status === 'held'))
    return refusal('LS_CA_NOTHING_TO_HOLD');
  for (const certificate of free) certificate.status = 'held';
  return { fresh: free.length > 0, serials: serialsOf(free) };
}

export function release(view: View, name: string): Outcome {
  const all = [...view.certificates.values()].filter((each) => each.name === name);
  if (all.length === 0) return refusal('LS_CA_UNKNOWN_SUBJECT');
  const held = all.filter(({ status }) => status === 'held');
  if (held.length === 0) return refusal('LS_CA_NOT_HELD');
  for (const certificate of held) certificate.status = 'good';
  return { fresh: true, serials: serialsOf(held) };
}

export function revokeSerial(view: View, serial: string, reason: RevocationReason): Outcome {
  const certificate = view.certificates.get(serial);
  if (certificate === undefined) return refusal('LS_CA_UNKNOWN_SUBJECT');
  const { status } = certificate;
  const isHold = reason === 'certificateHold';
  if (status === 'revoked' || (status === 'held' && isHold)) return { fresh: false, serials: [serial] };
  certificate.status = isHold ? 'held' : 'revoked';
  return { fresh: true, serials: [serial] };
}

export function remove(view: View, name: string): Outcome {
  const identity = holderOf(view, name);
  if (identity === undefined) return refusal('LS_CA_UNKNOWN_SUBJECT');
  if (identity.state === 'revoked') return refusal('LS_IDENTITY_REVOKED');
  if (identity.state === 'removed') return { fresh: false, serials: [] };
  identity.state = 'removed';
  voidTokens(view, name, 'removed');
  return { fresh: true, serials: [] };
}

/** The code with which a new token is refused. */
export function judgeTokenRequest(view: View, name: string, replace: boolean): string | undefined {
  const holder = holderOf(view, name);
  if (holder === undefined || replace) return undefined;
  return isEnded(holder) ? endedCode(holder) : 'LS_NAME_TAKEN';
}

export function addToken(view: View, token: KnownToken, at: number): void {
  for (const { tokenId, expiresAt } of [...view.tokens.values()]) {
    if (expiresAt < at - TOKEN_AFTERLIFE_MS) view.tokens.delete(tokenId);
  }
  view.tokens.set(token.tokenId, token);
}

/** Whether a redemption is refused, gets a certificate, or the one of that key once more. */
export function judgeRedemption(
  view: View,
  tokenId: string,
  key: number,
  at: number,
): { readonly code: string } | 'fresh' | { readonly again: string } {
  const token = view.tokens.get(tokenId);
  if (token === undefined) return { code: 'LS_TOKEN_UNKNOWN' };
  if (token.spent !== null && token.spent.key !== key) return { code: 'LS_TOKEN_SPENT' };
  if (at > token.expiresAt) return { code: 'LS_TOKEN_EXPIRED' };
  if (token.voided !== null)
    return { code: token.voided === 'removed' ? 'LS_IDENTITY_REMOVED' : 'LS_IDENTITY_REVOKED' };
  if (token.spent !== null) return judgeRepeat(view, token.spent.serial);
  const taken = judgeTokenRequest(view, token.name, token.replace);
  if (taken !== undefined) return { code: taken };
  const holder = holderOf(view, token.name);
  const isHeld =
    holder !== undefined && certificatesOf(view, holder.nodeId).some(({ status }) => status === 'held');
  return isHeld ? { code: 'LS_IDENTITY_HELD' } : 'fresh';
}

function judgeRepeat(view: View, serial: string): { readonly code: string } | { readonly again: string } {
  const certificate = view.certificates.get(serial);
  const identity = view.identities.get(certificate?.nodeId ?? '');
  if (certificate === undefined || identity === undefined) return { code: 'LS_CA_STORE_CORRUPT' };
  if (isEnded(identity)) return { code: endedCode(identity) };
  return listedCode(certificate) ?? { again: serial };
}

/** The identity that a redemption makes, in the place of the one that held the name. */
export function admit(view: View, tokenId: string, key: number, certificate: KnownCertificate): void {
  const { name, nodeId, serial } = certificate;
  const token = view.tokens.get(tokenId);
  const holder = holderOf(view, name);
  if (token !== undefined) token.spent = { serial, key };
  if (holder !== undefined && !isEnded(holder)) {
    holder.state = 'removed';
    voidTokens(view, name, 'removed');
  }
  if (nodeId === null) return;
  view.identities.set(nodeId, { nodeId, name, state: 'enrolled', serials: [serial] });
  view.holders.set(name, nodeId);
  view.certificates.set(serial, certificate);
}

/** The code with which a member is refused that shows this certificate. */
export function judgeStanding(view: View, nodeId: string, serial: string): string | undefined {
  const certificate = view.certificates.get(serial);
  const identity = view.identities.get(nodeId);
  if (certificate === undefined || identity === undefined) return 'LS_IDENTITY_UNKNOWN';
  return isEnded(identity) ? endedCode(identity) : listedCode(certificate)?.code;
}

export function judgeRenewal(view: View, nodeId: string, serial: string, at: number): string | undefined {
  const refused = judgeStanding(view, nodeId, serial);
  if (refused !== undefined) return refused;
  const all = certificatesOf(view, nodeId);
  const newest = all.at(-1);
  const isLostAnswer = newest?.isConfirmed === false && newest.predecessor === serial;
  if (newest?.serial !== serial && !isLostAnswer) return 'LS_REENROLL_NOT_CURRENT';
  const live = all.filter(({ notAfter }) => notAfter >= at).length;
  return live < MAX_LIVE_CERTIFICATES_PER_NODE ? undefined : 'LS_REENROLL_LIMIT';
}

export function renew(view: View, certificate: KnownCertificate): void {
  const before = view.certificates.get(certificate.predecessor ?? '');
  if (before !== undefined) before.isConfirmed = true;
  view.certificates.set(certificate.serial, certificate);
  view.identities.get(certificate.nodeId ?? '')?.serials.push(certificate.serial);
}

export function activate(view: View, identity: KnownIdentity, serial: string): void {
  if (identity.state === 'enrolled') identity.state = 'active';
  const certificate = view.certificates.get(serial);
  if (certificate !== undefined) certificate.isConfirmed = true;
}

/** A hold of this certificate is over, or a CRL from elsewhere says more of it than the CA knew. */
export function mergeStatus(view: View, serial: string, status: 'held' | 'revoked'): boolean {
  const certificate = view.certificates.get(serial);
  const before = certificate?.status ?? view.foreign.get(serial) ?? 'good';
  if (before === status || before === 'revoked') return false;
  if (certificate === undefined) view.foreign.set(serial, status);
  else certificate.status = status;
  return true;
}

/** A restored CA has found revocations of these: who has no good certificate left is revoked as a whole. */
export function endOfLast(view: View, serials: readonly string[], at: number): void {
  for (const serial of serials) {
    const identity = view.identities.get(view.certificates.get(serial)?.nodeId ?? '');
    if (identity === undefined || isEnded(identity)) continue;
    const living = certificatesOf(view, identity.nodeId).filter(({ notAfter }) => notAfter >= at);
    if (living.every(({ status }) => status !== 'good')) identity.state = 'revoked';
  }
}

/** Only those that somebody could still redeem can be voided. */
function voidTokens(view: View, name: string, why: 'revoked' | 'removed'): void {
  for (const token of view.tokens.values()) {
    if (token.name === name && token.spent === null) token.voided ??= why;
  }
}

function listedCode({ status }: KnownCertificate): { readonly code: string } | undefined {
  if (status === 'good') return undefined;
  return { code: status === 'held' ? 'LS_IDENTITY_HELD' : 'LS_IDENTITY_REVOKED' };
}

function serialsOf(certificates: readonly KnownCertificate[]): readonly string[] {
  return certificates.map(({ serial }) => serial).sort();
}
