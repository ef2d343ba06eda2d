import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fault, faultKind, LsError, type Fault, type FaultCode } from '../std/index.ts';

/** Problem details with our stable code. Source: RFC 9457 §3. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: FaultCode;
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8';
const MAX_DETAIL_CHARS = 1_000;
/** What is over in a moment by itself. Source: RFC 6585 §4, RFC 9110 §15.6.4. */
const PASSING: ReadonlySet<FaultCode> = new Set(['LS_API_RATE_LIMITED', 'LS_API_BUSY', 'LS_CA_STORE_BUSY']);
const RETRY_AFTER_S = 5;

/** The one place where a fault becomes an HTTP answer. */
export function problemOf(reason: Fault): Problem {
  const { http, advice } = faultKind(reason.code);
  return {
    type: `urn:lifesign:error:${reason.code}`,
    title: advice,
    status: http,
    detail: reason.detail.slice(0, MAX_DETAIL_CHARS),
    code: reason.code,
  };
}

/**
 * Answers every error of `app` as problem+json; what is not a fault is logged whole and told as LS_API_INTERNAL.
 * `onHostile` is told of what only an attacker or broken software sends.
 */
export function answerWithProblems(
  app: FastifyInstance,
  onHostile?: (reason: Fault, request: FastifyRequest) => void,
): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const reason = faultOf(error);
    if (reason.code === 'LS_API_INTERNAL')
      request.log.error({ err: error, code: reason.code }, 'call failed');
    if (faultKind(reason.code).cause === 'hostile-peer') onHostile?.(reason, request);
    return sendProblem(reply, reason);
  });
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) =>
    sendProblem(reply, fault('LS_API_NOT_FOUND', `there is no ${request.method} ${pathOf(request.url)}`)),
  );
}

export function sendProblem(reply: FastifyReply, reason: Fault): FastifyReply {
  const problem = problemOf(reason);
  if (PASSING.has(reason.code)) reply.header('retry-after', String(RETRY_AFTER_S));
  return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
}

function faultOf(error: FastifyError): Fault {
  if (error instanceof LsError) return error.fault;
  if (error.validation !== undefined) return fault('LS_API_INVALID', error.message);
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return fault('LS_API_TOO_LARGE', 'the body is larger than this call takes');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return fault('LS_API_MEDIA_TYPE', 'the body is not application/json');
    default:
      break;
  }
  const status = error.statusCode ?? 500;
  if (status === 503) return fault('LS_API_BUSY', 'the server is shutting down or overloaded');
  if (status >= 400 && status < 500) {
    return fault('LS_API_INVALID', `the request is not readable (${STATUS_CODES[status] ?? String(status)})`);
  }
  return fault('LS_API_INTERNAL', 'something went wrong inside the server');
}

/** The path of a request as it may be logged: without its query, and short. */
export function pathOf(url: string): string {
  return (url.split('?')[0] ?? '').slice(0, 200);
}
