import { request } from 'node:http';
import { fault, faultCatalogue, LsError, type Fault, type FaultCode } from '../../std/index.ts';
import { errnoOf } from '../../io/files/index.ts';
import { parseJson } from '../../io/json/index.ts';

/** One call to the CA's administration. */
export interface AdminCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** A full list of 10,000 nodes with a few certificates each stays below this. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Longer than `revoke --wait` may take. */
const ANSWER_TIMEOUT_MS = 60_000;
const NOBODY_LISTENS = ['ENOENT', 'ECONNREFUSED'];

/** Calls the CA over its control socket; undefined when nobody listens there. Throws LS_API_NO_ANSWER or LS_HOME_PERMISSIONS. */
export function callControlSocket(socketPath: string, call: AdminCall): Promise<HttpAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const payload = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({ socketPath, method: call.method, path: call.path, headers }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) sent.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', (cause) => reject(broken(cause, socketPath)));
    });
    sent.setTimeout(ANSWER_TIMEOUT_MS, () => sent.destroy(new Error('no answer in time')));
    sent.on('error', (cause) => {
      if (nobodyListens(cause)) resolve(undefined);
      else reject(broken(cause, socketPath));
    });
    sent.end(payload);
  });
}

/** Whether this error of a connection to a control socket says that no process serves there. */
export function nobodyListens(cause: Error): boolean {
  return NOBODY_LISTENS.includes(errnoOf(cause) ?? '');
}

/** The JSON of a successful answer. Throws the fault that a problem+json answer tells of. */
export function readAnswer(answer: HttpAnswer): unknown {
  const body = parseJson(answer.body);
  if (answer.status >= 200 && answer.status < 300) return body;
  throw new LsError(faultOfProblem(body, answer.status));
}

function broken(cause: Error, socketPath: string): LsError {
  const errno = errnoOf(cause);
  if (errno === 'EACCES' || errno === 'EPERM') {
    return new LsError(fault('LS_HOME_PERMISSIONS', `this user may not use ${socketPath}`), { cause });
  }
  return new LsError(fault('LS_API_NO_ANSWER', `the CA did not answer on ${socketPath}: ${cause.message}`), {
    cause,
  });
}

function faultOfProblem(body: unknown, status: number): Fault {
  if (typeof body === 'object' && body !== null && 'code' in body && 'detail' in body) {
    const { code, detail } = body;
    if (typeof code === 'string' && isFaultCode(code) && typeof detail === 'string')
      return fault(code, detail);
  }
  return fault('LS_API_RESPONSE', `the CA answered with status ${status} and no reason`);
}

function isFaultCode(code: string): code is FaultCode {
  return Object.hasOwn(faultCatalogue, code);
}
