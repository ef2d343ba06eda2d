import { LsError, type Fault, type UnixMs } from '../../std/index.ts';

/** No CA puts anybody off for longer: it would be forgotten about rather than waited for. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

const SECONDS = /^\d{1,12}$/;
/** The one form that may be sent; the obsolete ones count as garbage. Source: RFC 9110 §5.6.7. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How long from `now` a Retry-After asks for, at most MAX_RETRY_AFTER_MS; undefined for none and for what cannot be read.
 * Source: RFC 9110 §10.2.3.
 */
export function parseRetryAfter(header: string | undefined, now: UnixMs): number | undefined {
  const ms = askedMs(header?.trim() ?? '', now);
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

function askedMs(text: string, now: UnixMs): number {
  if (SECONDS.test(text)) return Number(text) * 1_000;
  return HTTP_DATE.test(text) ? Date.parse(text) - now : NaN;
}

/** A refusal of a CA that says when to ask again. */
export class RetryLater extends LsError {
  readonly retryAfterMs: number;

  constructor(reason: Fault, retryAfterMs: number) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}
