import { request, type IncomingMessage } from 'node:http';
import { fault, LsError } from '../../std/index.ts';
import { MAX_OCSP_RESPONSE_BYTES } from '../../x509/index.ts';

const ANSWER_TIMEOUT_MS = 10_000;
const OK = 200;

/**
 * The body of the answer to an OCSP request over plain HTTP: nobody has looked at it yet. Follows no redirection.
 * Requires: an `http:` URL. Throws LS_OCSP_UNREACHABLE. Source: RFC 6960 appendix A.1.
 */
export function postOcsp(url: string, asked: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      reject(new LsError(fault('LS_OCSP_UNREACHABLE', `no OCSP answer from ${url.slice(0, 200)}: ${why}`)));
    };
    const headers = { 'content-type': 'application/ocsp-request', 'content-length': asked.length };
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const sent = request(url, { method: 'POST', headers, agent: false, signal }, (response) => {
      readBody(response).then(resolve, (cause: unknown) => fail(messageOf(cause)));
    });
    sent.on('error', (cause) => fail(signal.aborted ? 'it took too long' : cause.message));
    sent.end(asked);
  });
}

async function readBody(response: IncomingMessage): Promise<Uint8Array> {
  if (response.statusCode !== OK) {
    response.destroy();
    throw new Error(`HTTP status ${response.statusCode ?? 0}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_OCSP_RESPONSE_BYTES) throw new Error(`more than ${MAX_OCSP_RESPONSE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
