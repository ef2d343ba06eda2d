import type { Fault } from '../../std/index.ts';
import { refusalOf } from './ca-fault.ts';
import type { HttpAnswer } from './http-call.ts';

/** Not yet: an operator of the CA has to approve it. */
export interface PendingAnswer {
  /** What the CA says, as for a refusal. */
  readonly pending: Fault;
  readonly retryAfterMs: number;
}

const MIN_RETRY_MS = 1_000;
const DEFAULT_RETRY_MS = 5_000;

/** Throws LS_API_RESPONSE for an answer that does not say what it waits for. */
export function readPending(
  { status, body, retryAfterMs = DEFAULT_RETRY_MS }: HttpAnswer,
  url: string,
): PendingAnswer {
  const said = refusalOf(status, body, url);
  if (said.code !== 'LS_ENROLL_PENDING') throw said;
  return { pending: said.fault, retryAfterMs: Math.max(retryAfterMs, MIN_RETRY_MS) };
}
