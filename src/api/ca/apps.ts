import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
} from 'fastify';
import { fault, LsError, monoMs } from '../../std/index.ts';
import { answerWithProblems, pathOf } from '../problem.ts';
import { validateWithSchemas } from '../validation.ts';
import { adminRoutes } from './admin-routes.ts';
import { callerFault } from './caller-fault.ts';
import type { CaApiContext, PeerGate } from './context.ts';
import { crlRoutes } from './crl-routes.ts';
import { estRoutes } from './est-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { nodeRoutes } from './node-routes.ts';
import { ocspRoutes } from './ocsp-routes.ts';
import { configRoutes, exportRoutes, operatorRoutes, restoreRoutes, rootRoutes } from './operator-routes.ts';
import { bundleRoute, publicRoutes } from './public-routes.ts';
import type { RateLimiter } from './rate-limit.ts';
import { MAX_BODY_BYTES } from './schemas.ts';
import { valueOrThrow } from './spread.ts';

/** What the listeners have in common. */
export interface ListenerOptions {
  readonly log: FastifyBaseLogger;
  readonly limiter: RateLimiter;
  /** A clock that never goes back, in milliseconds. */
  readonly monotonicMs: () => number;
}

/** Times that keep a caller who is slow, or silent on purpose, from holding a connection. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
/** How often Node.js looks for those whose time is up; its own 30 s would be most of what they hold. */
const TIMEOUTS_CHECKED_EVERY_MS = 1_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_PARAM_CHARS = 256;
const HTTP_BOUNDS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  connectionsCheckingInterval: TIMEOUTS_CHECKED_EVERY_MS,
} as const;

/** The TLS listener: enrollment and trust data for all, node calls for members, administration for operators. */
export function tlsApp(
  context: CaApiContext,
  gate: PeerGate,
  tls: ServerOptions,
  options: ListenerOptions,
): FastifyInstance {
  const server = createTlsServer.bind(null, {
    ...tls,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ...HTTP_BOUNDS,
  });
  const app = newApp((handler) => server(handler), { ...options, ...context });
  limitRates(app, options);
  refuseWhileEnded(app, context, (_, path) => ENROLLS.some((each) => path.startsWith(each)));
  publicRoutes(app, context);
  healthRoutes(app, context);
  nodeRoutes(app, context, gate);
  estRoutes(app, context, gate);
  app.register((admin, _, done) => {
    admin.addHook('onRequest', (request, _reply, next) => {
      valueOrThrow(gate.operator(request.raw.socket));
      next();
    });
    // Judged a moment ago by the hook above.
    const whoCalls = (request: FastifyRequest): string =>
      `operator/${valueOrThrow(gate.operator(request.raw.socket)).name}`;
    adminRoutes(admin, context, whoCalls);
    done();
  });
  return app;
}

/** The control socket: whoever may open it (0600) administers the CA. */
export function controlApp(context: CaApiContext, log: FastifyBaseLogger): FastifyInstance {
  const app = newApp((handler) => createHttpServer(HTTP_BOUNDS, handler), { log });
  refuseWhileEnded(
    app,
    context,
    (method, path) => method !== 'GET' && !HARMLESS.some((each) => path.startsWith(each)),
  );
  adminRoutes(app, context, () => 'control-socket');
  operatorRoutes(app, context);
  restoreRoutes(app, context);
  rootRoutes(app, context);
  exportRoutes(app, context);
  configRoutes(app, context);
  healthRoutes(app, context);
  publicRoutes(app, context);
  return app;
}

/** Plain HTTP: CRLs and OCSP, which are signed by themselves, and nothing else. */
export function crlApp(context: CaApiContext, options: ListenerOptions): FastifyInstance {
  const app = newApp((handler) => createHttpServer(HTTP_BOUNDS, handler), { ...options, ...context });
  // Making a logger for each call costs more than an answer; nothing here logs anything about one.
  app.setChildLoggerFactory((logger) => logger);
  limitRates(app, options);
  crlRoutes(app, context);
  const { ocsp, now } = context;
  if (ocsp !== null) {
    ocspRoutes(app, ocsp, () => ({ mono: monoMs(options.monotonicMs()), wall: now() }));
  }
  return app;
}

/** What is left where the root has revoked the CA, and no server certificate of it would count: all in the clear. */
export function endedApp(context: CaApiContext, options: ListenerOptions): FastifyInstance {
  const app = crlApp(context, options);
  bundleRoute(app, context);
  healthRoutes(app, context);
  return app;
}

/** Calls by which strangers get a certificate. Members and operators are told by the gate that theirs is revoked. */
const ENROLLS = ['/v1/enroll', '/.well-known/est/'];
/** Calls of an administrator that change something, and nothing that would count on the revoked CA: a CRL of the root, another CA. */
const HARMLESS = ['/v1/root-crl', '/v1/crl/publish', '/v1/config', '/v1/rollover/'];

/** Nothing that a revoked CA certifies counts, so it does not. */
function refuseWhileEnded(
  app: FastifyInstance,
  { ended }: CaApiContext,
  isRefused: (method: string, path: string) => boolean,
): void {
  app.addHook('onRequest', (request, _reply, next) => {
    const reason = ended?.();
    if (reason !== undefined && isRefused(request.method, pathOf(request.url))) throw new LsError(reason);
    next();
  });
}

type Handler = Parameters<typeof createHttpServer>[1];

function newApp(
  makeServer: (handler: NonNullable<Handler>) => Server,
  { log, onRefusal }: Pick<ListenerOptions, 'log'> & Pick<CaApiContext, 'onRefusal'>,
): FastifyInstance {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_CHARS },
    forceCloseConnections: true,
    serverFactory: (handler) => {
      const server = makeServer(handler);
      server.headersTimeout = HEADERS_TIMEOUT_MS;
      server.requestTimeout = REQUEST_TIMEOUT_MS;
      server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
      return server;
    },
  });
  app.removeContentTypeParser('text/plain');
  validateWithSchemas(app);
  answerWithProblems(app, (reason, request) =>
    onRefusal?.({
      of: 'call',
      reason,
      from: request.ip,
      subject: `${request.method} ${pathOf(request.url)}`,
    }),
  );
  // Before fastify's own, which answers where one can and forgets who it was.
  app.server.prependListener('clientError', (error, socket) => {
    const reason = callerFault(error);
    if (reason === undefined) return;
    onRefusal?.({ of: 'connection', reason, from: addressOf(socket), subject: 'connection' });
  });
  return app;
}

function addressOf(stream: Duplex): string {
  return stream instanceof Socket ? (stream.remoteAddress ?? 'unknown') : 'unknown';
}

function limitRates(app: FastifyInstance, { limiter, monotonicMs }: ListenerOptions): void {
  app.addHook('onRequest', (request, _reply, next) => {
    if (!limiter.take(request.ip, monotonicMs())) {
      throw new LsError(fault('LS_API_RATE_LIMITED', `too many calls from ${request.ip}`));
    }
    next();
  });
}
