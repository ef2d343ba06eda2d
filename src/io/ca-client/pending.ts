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
const MAX_RETRY_MS = 300_000;

/** Throws LS_API_RESPONSE for an answer that does not say what it waits for. */
export function readPending({ status, body, retryAfter }: HttpAnswer, url: string): PendingAnswer {
  const said = refusalOf(status, body, url);
  if (said.code !== 'LS_ENROLL_PENDING') throw said;
  return { pending: said.fault, retryAfterMs: retryMs(retryAfter) };
}

/** Seconds only: nobody here sends a date. Source: RFC 9110 §10.2.3. */
function retryMs(header: string | undefined): number {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return DEFAULT_RETRY_MS;
  return Math.min(Math.max(Number(header) * 1_000, MIN_RETRY_MS), MAX_RETRY_MS);
}
