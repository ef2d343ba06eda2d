import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decodeBase64, decodeBase64Url, encodeBase64 } from '../../codec/index.ts';
import { err, fault, LsError, ok, type Fault, type Result } from '../../std/index.ts';
import { certsOnly, encodeCsrAttributes } from '../../x509/index.ts';
import { sendProblem } from '../problem.ts';
import type { CaApiContext, PeerGate } from './context.ts';
import { PENDING_RETRY_AFTER_S } from './public-routes.ts';
import { valueOrThrow } from './spread.ts';

const BASE = '/.well-known/est';
const CERTIFICATES = 'application/pkcs7-mime; smime-type=certs-only';
const REQUEST = 'application/pkcs10';
/** The base64 of the largest request that the authority reads, with line breaks. */
const MAX_REQUEST_CHARS = 24 * 1024;
const TOKEN_ID = /^[0-9a-f]{32}$/;

/** Enrollment for stock clients. Source: RFC 7030; labels and full CMC are not served. */
export function estRoutes(app: FastifyInstance, context: CaApiContext, gate: PeerGate): void {
  const { authority, now } = context;

  app.get(`${BASE}/cacerts`, (_, reply) => {
    const { roots, crossCertificates, issuing } = authority.bundle();
    return answer(reply, CERTIFICATES, certsOnly([...issuing, ...crossCertificates, ...roots]));
  });

  app.get(`${BASE}/csrattrs`, (_, reply) => answer(reply, 'application/csrattrs', encodeCsrAttributes()));

  app.register((scope, _, done) => {
    scope.removeAllContentTypeParsers();
    const limits = { parseAs: 'string', bodyLimit: MAX_REQUEST_CHARS } as const;
    scope.addContentTypeParser(REQUEST, limits, (_request, body, next) => next(null, body));

    scope.post(`${BASE}/simpleenroll`, async (request, reply) => {
      const login = loginOf(request.headers.authorization);
      if (!login.ok) return refuse(context, request, reply, '', login.error);
      const csr = valueOrThrow(csrOf(request.body));
      const enrolled = await authority.enroll({ ...login.value, csr, isEst: true }, now());
      if (!enrolled.ok) return refuse(context, request, reply, login.value.tokenId, enrolled.error);
      const { name, nodeId, serial, chain } = enrolled.value;
      request.log.info({ event: 'enrolled', node: name, nodeId, serial, by: 'est' }, 'enrolled by EST');
      return answer(reply, CERTIFICATES, certsOnly(chain.slice(0, 1)));
    });

    scope.post(`${BASE}/simplereenroll`, async (request, reply) => {
      const peer = valueOrThrow(gate.node(request.raw.socket));
      const csr = valueOrThrow(csrOf(request.body));
      const renewed = await authority.reenrollSameKey(peer, csr, now());
      if (!renewed.ok) return refuse(context, request, reply, peer.name, renewed.error);
      const { serial, chain } = renewed.value;
      request.log.info(
        { event: 'renewed', node: peer.name, serial, by: 'est' },
        'certificate renewed by EST',
      );
      return answer(reply, CERTIFICATES, certsOnly(chain.slice(0, 1)));
    });
    done();
  });
}

/**
 * Past the framework, which writes header names in lower case: libest knows them only as the RFC spells them. The
 * base64 is one line, as strongSwan wants it.
 */
function answer(reply: FastifyReply, type: string, der: Uint8Array): FastifyReply {
  const body = encodeBase64(der);
  reply.hijack();
  reply.raw.writeHead(200, {
    'Content-Type': type,
    'Content-Transfer-Encoding': 'base64',
    'Content-Length': body.length,
  });
  reply.raw.end(body);
  return reply;
}

function refuse(
  { onRefusal }: CaApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  subject: string,
  reason: Fault,
): FastifyReply {
  onRefusal?.({ reason, from: request.ip, subject });
  const isWrongLogin = reason.code === 'LS_TOKEN_UNKNOWN' || reason.code === 'LS_EST_AUTHENTICATION';
  if (isWrongLogin) {
    reply.header('www-authenticate', 'Basic realm="lifesign", charset="UTF-8"');
    return sendProblem(reply, fault('LS_EST_AUTHENTICATION', reason.detail));
  }
  if (reason.code === 'LS_ENROLL_PENDING') reply.header('retry-after', String(PENDING_RETRY_AFTER_S));
  return sendProblem(reply, reason);
}

interface Login {
  readonly tokenId: string;
  readonly secret: Uint8Array;
}

/** Source: RFC 7617 §2. */
function loginOf(header: string | undefined): Result<Login, Fault> {
  const [scheme = '', credentials = '', ...more] = header?.split(' ') ?? [];
  if (scheme.toLowerCase() !== 'basic' || more.length > 0)
    return refusedLogin('no user and password came along');
  const text = new TextDecoder().decode(decodeBase64(credentials) ?? new Uint8Array());
  const [tokenId = '', password = '', ...rest] = text.split(':');
  const secret = decodeBase64Url(password);
  if (!TOKEN_ID.test(tokenId) || secret === undefined || rest.length > 0) {
    return refusedLogin('the user is no token of this CA');
  }
  return ok({ tokenId, secret });
}

function refusedLogin(why: string): Result<Login, Fault> {
  return err(fault('LS_EST_AUTHENTICATION', why));
}

/** Some clients break the lines, some do not. */
function csrOf(body: unknown): Result<Uint8Array, Fault> {
  if (typeof body !== 'string') throw new LsError(fault('LS_EST_BODY', 'the body is empty'));
  const der = decodeBase64(body.replaceAll(/[\r\n\t ]/g, ''));
  return der === undefined || der.length === 0
    ? err(fault('LS_EST_BODY', 'the body is not base64'))
    : ok(der);
}
