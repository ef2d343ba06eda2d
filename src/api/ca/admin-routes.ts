import type { FastifyInstance } from 'fastify';
import type { SchemaTypes } from '../validation.ts';
import type { CaApiContext } from './context.ts';
import { requestRoutes, type WhoCalls } from './request-routes.ts';
import { rolloverRoutes } from './rollover-routes.ts';
import { certificatesQuery, nodeParams, revokeBody, tokenBody, tokenParams } from './schemas.ts';
import { awaitSpread, valueOrThrow } from './spread.ts';
import {
  certificateJson,
  createdTokenJson,
  crlsJson,
  nodeJson,
  releaseJson,
  removalJson,
  revocationJson,
  tokenJson,
} from './wire.ts';

/** Administration of the CA. Whoever registers these routes has made sure that only administrators reach them. */
export function adminRoutes(plain: FastifyInstance, context: CaApiContext, whoCalls: WhoCalls): void {
  requestRoutes(plain, context, whoCalls);
  tokenRoutes(plain, context);
  certificateRoutes(plain, context);
  revocationRoutes(plain, context);
  if (context.rollover !== undefined) rolloverRoutes(plain, context, context.rollover);
}

function tokenRoutes(plain: FastifyInstance, { authority, now }: CaApiContext): void {
  const app = plain.withTypeProvider<SchemaTypes>();

  app.post('/v1/tokens', { schema: { body: tokenBody } }, async (request, reply) => {
    const created = valueOrThrow(await authority.createToken(request.body, now()));
    const { tokenId, name } = created.facts;
    request.log.info({ event: 'token-created', tokenId, node: name }, 'enrollment token created');
    return reply.code(201).send(createdTokenJson(created));
  });

  app.get('/v1/tokens', async () => {
    const tokens = valueOrThrow(await authority.listTokens(now()));
    return { tokens: tokens.map(tokenJson) };
  });

  app.delete('/v1/tokens/:tokenId', { schema: { params: tokenParams } }, async (request) => {
    const facts = valueOrThrow(await authority.deleteToken(request.params.tokenId, now()));
    request.log.info({ event: 'token-deleted', tokenId: facts.tokenId }, 'enrollment token deleted');
    return tokenJson(facts);
  });
}

function certificateRoutes(plain: FastifyInstance, { authority, now }: CaApiContext): void {
  const app = plain.withTypeProvider<SchemaTypes>();

  app.get('/v1/certificates', { schema: { querystring: certificatesQuery } }, async (request) => {
    const certificates = valueOrThrow(await authority.list(request.query, now()));
    return { certificates: certificates.map(certificateJson) };
  });

  app.get('/v1/nodes/:name', { schema: { params: nodeParams } }, async (request) =>
    nodeJson(valueOrThrow(await authority.show(request.params.name, now()))),
  );
}

function revocationRoutes(plain: FastifyInstance, context: CaApiContext): void {
  const app = plain.withTypeProvider<SchemaTypes>();
  const { authority, now } = context;

  app.post(
    '/v1/nodes/:name/revoke',
    { schema: { params: nodeParams, body: revokeBody } },
    async (request) => {
      const { wait, ...rest } = request.body;
      const revoked = valueOrThrow(await authority.revoke({ name: request.params.name, ...rest }, now()));
      const { name, nodeId, reason, crlNumber } = revoked;
      request.log.info({ event: 'revoked', node: name, nodeId, reason, crlNumber }, 'revoked');
      const spread = await awaitSpread(context, revoked, wait ?? false);
      return revocationJson(revoked, spread);
    },
  );

  app.post('/v1/nodes/:name/release', { schema: { params: nodeParams } }, async (request) => {
    const released = valueOrThrow(await authority.release(request.params.name, now()));
    const { name, nodeId, serials, crlNumber } = released;
    request.log.info({ event: 'released', node: name, nodeId, serials, crlNumber }, 'released from hold');
    return releaseJson(released, await awaitSpread(context, { crlNumber, rosterNumber: null }, false));
  });

  app.post('/v1/nodes/:name/remove', { schema: { params: nodeParams } }, async (request) => {
    const removed = valueOrThrow(await authority.remove(request.params.name, now()));
    const { name, nodeId, rosterNumber } = removed;
    request.log.info({ event: 'removed', node: name, nodeId, rosterNumber }, 'node removed');
    return removalJson(removed);
  });

  app.post('/v1/crl/publish', async () => crlsJson(valueOrThrow(await authority.publishFull(now()))));
}
