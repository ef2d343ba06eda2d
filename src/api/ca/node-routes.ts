import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fault, LsError } from '../../std/index.ts';
import type { VerifiedPeer } from '../../trust/index.ts';
import type { SchemaTypes } from '../validation.ts';
import type { CaApiContext, PeerGate } from './context.ts';
import type { FeedEvent } from './feed-hub.ts';
import { rootCrlEvent } from './publication-events.ts';
import { ackBody, activateBody, feedQuery, reenrollBody } from './schemas.ts';
import { valueOrThrow } from './spread.ts';
import { authoritiesJson, base64Of, bytesOf, issuedJson, seedJson } from './wire.ts';

/** What a member may ask, by its node certificate over mutual TLS. The certificate is judged anew at every call. */
export function nodeRoutes(plain: FastifyInstance, context: CaApiContext, gate: PeerGate): void {
  const app = plain.withTypeProvider<SchemaTypes>();
  const { authority, now } = context;
  const caller = (request: FastifyRequest): VerifiedPeer => valueOrThrow(gate.node(request.raw.socket));

  app.post('/v1/reenroll', { schema: { body: reenrollBody } }, async (request) => {
    const peer = valueOrThrow(gate.renewing(request.raw.socket));
    const { csr, successor } = request.body;
    const renewal = { csr: bytesOf(csr), successor: bytesOf(successor) };
    const renewed = await authority.reenroll(peer, renewal, now());
    if (!renewed.ok) context.onRefusal?.({ reason: renewed.error, from: request.ip, subject: peer.name });
    const issued = valueOrThrow(renewed);
    request.log.info({ event: 'renewed', node: peer.name, serial: issued.serial }, 'certificate renewed');
    return issuedJson(issued);
  });

  app.post('/v1/activate', { schema: { body: activateBody } }, async (request) => {
    const peer = caller(request);
    return valueOrThrow(await authority.activate(peer, request.body.address, now()));
  });

  app.post('/v1/ack', { schema: { body: ackBody } }, async (request, reply) => {
    context.acks.record(caller(request).nodeId, request.body);
    return reply.code(204).send();
  });

  app.get('/v1/feed', { schema: { querystring: feedQuery } }, async (request, reply) => {
    const peer = caller(request);
    const listener = { nodeId: peer.nodeId, stream: reply.raw, recheck: () => gate.recheck(peer) };
    const feed = context.feeds.open(listener);
    if (feed === undefined) throw new LsError(fault('LS_API_BUSY', 'this CA serves as many feeds as it can'));
    try {
      const behind = await catchUp(context, request.query);
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      feed.start(behind);
    } catch (cause) {
      feed.abandon();
      throw cause;
    }
  });
}

/** What the CA has and a node at these numbers has not. */
async function catchUp(
  { authority }: CaApiContext,
  held: { readonly crlNumber: number; readonly rosterNumber: number },
): Promise<readonly FeedEvent[]> {
  const events: FeedEvent[] = [];
  const crls = valueOrThrow(await authority.currentCrls());
  // Small, and their numbers are not among those a node tells: one that has them already knows so by their bytes.
  events.push(...crls.roots.map(rootCrlEvent));
  const authorities = authority.bundle();
  if (authorities.active !== null) events.push({ kind: 'authorities', ...authoritiesJson(authorities) });
  for (const [at, { full, delta }] of crls.issuing.entries()) {
    // A number says what is held of the CAs that a node knows: it may not know those beside the active one yet.
    const crlNumber = at === 0 ? held.crlNumber : 0;
    if (crlNumber < crls.fullNumber) events.push({ kind: 'crl', delta: false, der: base64Of(full) });
    if (delta !== null && crlNumber < crls.number)
      events.push({ kind: 'crl', delta: true, der: base64Of(delta) });
  }
  const roster = valueOrThrow(await authority.currentRoster());
  if (held.rosterNumber < roster.number) events.push({ kind: 'roster', record: base64Of(roster.record) });
  const seeds = valueOrThrow(await authority.seeds());
  events.push({ kind: 'seeds', seeds: seeds.map(seedJson) });
  return events;
}
