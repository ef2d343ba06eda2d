import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OcspAnswer, OcspResponder, OcspTimes } from '../../authority/index.ts';
import type { Instant, UnixMs } from '../../std/index.ts';
import { MAX_OCSP_REQUEST_BYTES, type OcspRequest } from '../../x509/index.ts';
import { AskedInPaths, GET_PREFIX } from './asked-in-paths.ts';

const REQUEST_MEDIA_TYPE = 'application/ocsp-request';
const RESPONSE_MEDIA_TYPE = 'application/ocsp-response';
/**
 * How long a cache may hold an answer. Much shorter than the answer holds (RFC 9919 §7.2 allows up to nextUpdate),
 * because a revocation replaces it at once here and should do so soon elsewhere.
 */
export const OCSP_MAX_AGE_SECONDS = 300;
const NOTHING = new Uint8Array();

/** What is the same for every caller that gets this answer. */
interface CachedHeaders {
  /** One character a byte. */
  readonly body: string;
  readonly etag: string;
  readonly fixed: Readonly<Record<string, string>>;
}

/**
 * OCSP over GET and POST; what cannot be answered is told in an OCSPResponse too. Source: RFC 6960 appendix A,
 * RFC 9919 §6 and §7.
 */
export function ocspRoutes(app: FastifyInstance, responder: OcspResponder, now: () => Instant): void {
  const known = new WeakMap<OcspAnswer, CachedHeaders>();
  const paths = new AskedInPaths();
  const respond = (request: FastifyRequest, reply: FastifyReply, asked: OcspRequest | Uint8Array) => {
    const moment = now();
    const answer =
      asked instanceof Uint8Array ? responder.answer(asked, moment) : responder.answerTo(asked, moment);
    return answer instanceof Promise
      ? answer.then((made) => send(request, reply, known, made, moment.wall))
      : send(request, reply, known, answer, moment.wall);
  };
  app.addContentTypeParser(
    REQUEST_MEDIA_TYPE,
    { parseAs: 'buffer', bodyLimit: MAX_OCSP_REQUEST_BYTES },
    (_request, body, done) => done(null, body),
  );
  app.get(`${GET_PREFIX}*`, (request, reply) => respond(request, reply, paths.read(request.url)));
  app.post('/ocsp', (request, reply) => respond(request, reply, requestInBody(request.body)));
}

function requestInBody(body: unknown): Uint8Array {
  return Buffer.isBuffer(body) ? viewOf(body) : NOTHING;
}

function viewOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/**
 * Writes the answer past fastify, as text of one character a byte: then head and body go out in one write, which is
 * half of what an answer costs.
 */
function send(
  request: FastifyRequest,
  reply: FastifyReply,
  known: WeakMap<OcspAnswer, CachedHeaders>,
  answer: OcspAnswer,
  now: UnixMs,
): FastifyReply {
  const { times } = answer;
  reply.hijack();
  if (times === null) {
    const body = textOf(answer.der);
    const headers = { 'content-type': RESPONSE_MEDIA_TYPE, 'content-length': body.length };
    reply.raw.writeHead(200, { ...headers, 'cache-control': 'no-store' }).end(body, 'latin1');
    return reply;
  }
  const { body, etag, fixed } = known.get(answer) ?? remember(known, answer, times);
  const headers = { ...fixed, 'cache-control': cacheControl(times, now) };
  const isHeld = request.method !== 'POST' && request.headers['if-none-match'] === etag;
  if (isHeld) reply.raw.writeHead(304, headers).end();
  else reply.raw.writeHead(200, { ...headers, 'content-length': body.length }).end(body, 'latin1');
  return reply;
}

function remember(
  known: WeakMap<OcspAnswer, CachedHeaders>,
  answer: OcspAnswer,
  { thisUpdate, nextUpdate }: OcspTimes,
): CachedHeaders {
  const etag = `"${createHash('sha256').update(answer.der).digest('hex')}"`;
  const fixed = {
    'content-type': RESPONSE_MEDIA_TYPE,
    etag,
    'last-modified': new Date(thisUpdate).toUTCString(),
    expires: new Date(nextUpdate).toUTCString(),
  };
  const headers = { body: textOf(answer.der), etag, fixed };
  known.set(answer, headers);
  return headers;
}

function cacheControl({ nextUpdate }: OcspTimes, now: UnixMs): string {
  const left = Math.max(0, Math.floor((nextUpdate - now) / 1_000));
  return left >= OCSP_MAX_AGE_SECONDS ? CACHED_FOR_LONG : cachedFor(left);
}

function cachedFor(seconds: number): string {
  return `max-age=${seconds}, public, no-transform, must-revalidate`;
}

const CACHED_FOR_LONG = cachedFor(OCSP_MAX_AGE_SECONDS);

function textOf(der: Uint8Array): string {
  return Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1');
}
