import { setTimeout as delay } from 'node:timers/promises';
import { tokenBinding, type EnrollmentToken } from '../../authority/index.ts';
import {
  CaClient,
  fetchPresentedChain,
  makeCsr,
  RetryLater,
  type EnrollmentAnswer,
  type PendingAnswer,
} from '../../io/ca-client/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import type { LoadedKey } from '../../io/keys/index.ts';
import { systemClock } from '../../io/system/index.ts';
import { fault, faultKind, fromHex, LsError, toHex, type FaultCode } from '../../std/index.ts';
import { pinnedRoot } from '../../trust/index.ts';

/** How far it got; the CA may know the key from the moment at which the request went out. */
export interface Exchange {
  isSent: boolean;
  /** The key is that of an earlier try, of which the CA may know. */
  readonly isResumed: boolean;
}

export interface RedeemOptions {
  readonly progress: (what: string) => void;
  /** Told once that an operator has to approve it. */
  readonly pending: (request: PendingEnrollment) => void;
  /** False: LS_ENROLL_PENDING instead of waiting. */
  readonly wait: boolean;
}

export interface PendingEnrollment {
  readonly requestId: string;
  /** SHA-256 of our SubjectPublicKeyInfo, as hex digits. */
  readonly keySha256: string;
}

/** Waiting longer, a node asks less often: a tenth of the time it has waited, at most this. */
const MAX_POLL_MS = 60_000;
/** Even where the CA asks for nothing. */
const MIN_POLL_MS = 1_000;

/**
 * Sends the request to the first CA of the token that is reached, and again and again while an operator has to approve
 * it. The secret goes only to a server whose chain ends in the very root whose fingerprint the token holds, and whose
 * role and host are right. Nothing in the answer is verified.
 * Throws LS_TRUST_PIN and LS_TRUST_*, LS_CA_*, and what the CA refuses with.
 */
export async function redeemToken(
  token: EnrollmentToken,
  key: LoadedKey,
  advertise: string,
  options: RedeemOptions,
  exchange: Exchange,
): Promise<EnrollmentAnswer> {
  const challengePassword = tokenBinding(nodeCrypto, token.secret, key.signer.spki);
  const csr = await makeCsr({ key: key.key, name: token.name, challengePassword });
  const tokenId = fromHex(token.tokenId) ?? new Uint8Array();
  const request = { tokenId, secret: token.secret, csr, advertise };
  const ask = (): Promise<EnrollmentAnswer | PendingAnswer> =>
    askAny(token, request, options.progress, exchange);
  const answer = await ask();
  if (!('pending' in answer)) return answer;
  const keySha256 = toHex(nodeCrypto.sha256(key.signer.spki));
  options.pending({ requestId: token.tokenId, keySha256 });
  if (!options.wait) throw new LsError(answer.pending);
  return askUntilDecided(ask, answer, options.progress);
}

/** A CA that is away for a while ends no waiting. */
async function askUntilDecided(
  ask: () => Promise<EnrollmentAnswer | PendingAnswer>,
  first: PendingAnswer,
  progress: (what: string) => void,
): Promise<EnrollmentAnswer> {
  const since = systemClock.now().mono;
  let { retryAfterMs } = first;
  for (;;) {
    progress('waiting for an operator of the CA to approve it');
    const waited = systemClock.now().mono - since;
    await delay(pollPauseMs(retryAfterMs, waited));
    const answer = await ask().catch(passing);
    if (answer === undefined) continue;
    if (!('retryAfterMs' in answer)) return answer;
    ({ retryAfterMs } = answer);
  }
}

/** What the CA has asked for, or more. */
export function pollPauseMs(retryAfterMs: number, waitedMs: number): number {
  return Math.max(retryAfterMs, Math.min(waitedMs / 10, MAX_POLL_MS));
}

/** What may be over the next time is no answer, but may say when that is; anything else is thrown on. */
export function passing(cause: unknown): { readonly retryAfterMs: number } | undefined {
  if (cause instanceof LsError && mayPass(cause.code)) {
    return cause instanceof RetryLater
      ? { retryAfterMs: Math.max(cause.retryAfterMs, MIN_POLL_MS) }
      : undefined;
  }
  throw cause;
}

/** Whether the CA could not say yes or no now, but may later. */
export function mayPass(code: FaultCode): boolean {
  const { exit, http } = faultKind(code);
  return exit === UNREACHABLE || http === TOO_MANY_REQUESTS || http >= SERVER_ERROR;
}

const UNREACHABLE = 4;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 503;

async function askAny(
  token: EnrollmentToken,
  request: Parameters<CaClient['enroll']>[0],
  progress: (what: string) => void,
  exchange: Exchange,
): Promise<EnrollmentAnswer | PendingAnswer> {
  let unreachable: LsError | undefined;
  for (const url of token.urls) {
    progress(`asking the CA at ${url}`);
    try {
      return await askCa(url, token, request, exchange);
    } catch (cause) {
      if (!(cause instanceof LsError) || cause.code !== 'LS_CA_UNREACHABLE') throw cause;
      unreachable = cause;
    }
  }
  throw unreachable ?? new LsError(fault('LS_TOKEN_MALFORMED', 'the token names no CA'));
}

async function askCa(
  url: string,
  { rootSha256 }: EnrollmentToken,
  request: Parameters<CaClient['enroll']>[0],
  exchange: Exchange,
): Promise<EnrollmentAnswer | PendingAnswer> {
  const root = pinnedRoot(await fetchPresentedChain(url), rootSha256, nodeCrypto);
  if (!root.ok) throw new LsError({ ...root.error, detail: `${url}: ${root.error.detail}` });
  const client = new CaClient({ url, bundle: { anchors: [root.value] } });
  try {
    exchange.isSent = true;
    return await client.enroll(request);
  } finally {
    client.close();
  }
}
