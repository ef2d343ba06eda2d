import type { IncomingMessage } from 'node:http';
import { request, type Agent } from 'node:https';
import { fault, LsError } from '../../std/index.ts';
import { parseJson } from '../json/index.ts';
import { systemClock } from '../system/index.ts';
import { callError, refusalOf } from './ca-fault.ts';
import { parseRetryAfter, RetryLater } from './retry-after.ts';

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  readonly maxAnswerBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes one call and answers the JSON of a successful answer (undefined for an empty one).
 * Throws what the CA's problem+json says, as RetryLater where it says when to ask again; LS_CA_UNREACHABLE, LS_CA_ROOT_MISMATCH, LS_CA_CERTIFICATE and LS_TRUST_*
 * when there was no connection; LS_API_NO_ANSWER when it broke or took too long (the call may have been carried
 * out); LS_API_RESPONSE for an answer that is too large.
 */
export async function callCa(base: URL, agent: Agent, call: HttpCall): Promise<unknown> {
  return (await callCaForAnswer(base, agent, call)).body;
}

/** A successful answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
  /** What its Retry-After asks for, if anything. */
  readonly retryAfterMs: number | undefined;
}

/** {@link callCa} where the status of a successful answer says something. */
export async function callCaForAnswer(base: URL, agent: Agent, call: HttpCall): Promise<HttpAnswer> {
  try {
    return await attempt(base, agent, call);
  } catch (cause) {
    // An idle connection that the server closed just as it was used again: nothing was read, so ask again.
    if (!(cause instanceof StaleConnection)) throw cause;
    return attempt(base, agent, call);
  }
}

/** Too many calls, and not now: a Retry-After means this very call. */
const SAY_WHEN: readonly number[] = [429, 503];

class StaleConnection extends Error {}

async function attempt(base: URL, agent: Agent, call: HttpCall): Promise<HttpAnswer> {
  const deadline = AbortSignal.timeout(call.timeoutMs);
  const signal = call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal]);
  try {
    const answer = await send(base, agent, call, signal);
    const body = parseJson(await readCapped(answer, call.maxAnswerBytes));
    const status = answer.statusCode ?? 0;
    const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], systemClock.now().wall);
    if (status >= 200 && status < 300) return { status, body, retryAfterMs };
    const refusal = refusalOf(status, body, base.origin);
    throw retryAfterMs !== undefined && SAY_WHEN.includes(status)
      ? new RetryLater(refusal.fault, retryAfterMs)
      : refusal;
  } catch (cause) {
    if (signal.aborted && !(cause instanceof LsError)) {
      const why = deadline.aborted
        ? `no answer within ${String(call.timeoutMs)} ms`
        : 'the call was given up';
      throw new LsError(fault('LS_API_NO_ANSWER', `${base.origin}: ${why}`), { cause });
    }
    throw cause instanceof StaleConnection ? cause : callError(cause, base.origin);
  }
}

/** Sends the request; resolves when the head of the answer is there. */
export function send(
  base: URL,
  agent: Agent,
  { method, path, body }: Pick<HttpCall, 'method' | 'path' | 'body'>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request(new URL(path, base), { agent, method, headers, signal }, resolve);
    sent.on('error', (cause: NodeJS.ErrnoException) => {
      reject(sent.reusedSocket && cause.code === 'ECONNRESET' ? new StaleConnection() : cause);
    });
    sent.end(payload);
  });
}

export async function readCapped(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      answer.destroy();
      throw new LsError(fault('LS_API_RESPONSE', `the answer is larger than ${String(maxBytes)} bytes`));
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
