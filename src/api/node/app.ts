import { createServer } from 'node:http';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { fault, LsError } from '../../std/index.ts';
import { answerWithProblems } from '../problem.ts';
import { validateWithSchemas, type SchemaTypes } from '../validation.ts';
import type { NodeView } from './view.ts';
import { explanationJson, matrixJson, statusJson, transitionJson } from './wire.ts';

/** Event streams open at the same time. */
export const MAX_EVENT_STREAMS = 64;
/** Unsent bytes of one event stream before it is cut. */
const MAX_STREAM_BACKLOG_BYTES = 1024 * 1024;
const KEEPALIVE_MS = 10_000;
const MAX_BODY_BYTES = 4 * 1024;

const explainParams = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name: { type: 'string', minLength: 1, maxLength: 63 } },
} as const;
const modesBody = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: { maintenance: { type: 'boolean' }, draining: { type: 'boolean' } },
} as const;
const leaveBody = {
  type: 'object',
  additionalProperties: false,
  properties: { reason: { type: 'string', maxLength: 64 } },
} as const;

/** The node's own view over its control socket (0600): status, evidence, events, leave. Never anybody else's view. */
export function nodeApp(view: NodeView, log: FastifyBaseLogger): FastifyInstance {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    serverFactory: (handler) => createServer({ maxHeaderSize: 8 * 1024 }, handler),
  });
  validateWithSchemas(app);
  answerWithProblems(app);
  const typed = app.withTypeProvider<SchemaTypes>();
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', () => readiness(view));
  app.get('/v1/status', () => statusJson(view.status()));
  app.get('/v1/matrix', () => matrixJson(view.matrix()));
  typed.get('/v1/explain/:name', { schema: { params: explainParams } }, (request) =>
    explain(view, request.params.name),
  );
  typed.post('/v1/leave', { schema: { body: leaveBody } }, (request, reply) => {
    view.leave(request.body.reason ?? 'requested');
    return reply.code(202).send({ leaving: true });
  });
  typed.post('/v1/modes', { schema: { body: modesBody } }, (request) => view.setModes(request.body));
  app.post('/v1/reload', () => view.reload());
  app.post('/v1/renew', async () => {
    const { serial, notAfter } = await view.renew();
    const { self: name } = view.status();
    return { name, serial, notAfter: new Date(notAfter).toISOString() };
  });
  eventStream(app, view);
  return app;
}

function readiness(view: NodeView): object {
  const { state, quorate } = view.status();
  if (state !== 'active') throw new LsError(fault('LS_NODE_NOT_READY', `the node is ${state}`));
  return { status: 'ready', quorate };
}

function explain(view: NodeView, name: string): object {
  const explanation = view.explain(name);
  if (explanation === undefined) {
    throw new LsError(
      fault('LS_NODE_UNKNOWN_PEER', `the roster lists nobody called ${JSON.stringify(name)}`),
    );
  }
  return explanationJson(explanation);
}

/** Server-sent events: what happened lately, then every change. Source: WHATWG HTML §9.2. */
function eventStream(app: FastifyInstance, view: NodeView): void {
  let open = 0;
  app.get('/v1/events', (request, reply) => {
    if (open >= MAX_EVENT_STREAMS) throw new LsError(fault('LS_API_BUSY', 'too many event streams are open'));
    open += 1;
    reply.hijack();
    const stream = reply.raw;
    stream.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const send = (transition: Parameters<typeof transitionJson>[0]): void => {
      if (stream.writableLength > MAX_STREAM_BACKLOG_BYTES) stream.destroy();
      else stream.write(`event: transition\ndata: ${JSON.stringify(transitionJson(transition))}\n\n`);
    };
    for (const transition of view.recent()) send(transition);
    stream.write('event: now\ndata: {}\n\n');
    const unsubscribe = view.subscribe(send);
    const keepalive = setInterval(() => stream.write(': alive\n\n'), KEEPALIVE_MS);
    request.raw.once('close', () => {
      open -= 1;
      clearInterval(keepalive);
      unsubscribe();
    });
  });
}
