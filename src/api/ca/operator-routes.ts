import type { FastifyInstance } from 'fastify';
import type { SchemaTypes } from '../validation.ts';
import type { CaApiContext } from './context.ts';
import {
  acceptLossBody,
  configBody,
  exportBody,
  MAX_MERGED_BODY_BYTES,
  MAX_ROOT_CRL_BODY_BYTES,
  operatorBody,
  rootCrlBody,
} from './schemas.ts';
import { valueOrThrow } from './spread.ts';
import { base64Of, bytesOf, issuedJson, rootCrlJson } from './wire.ts';

/**
 * Certificates to administer the CA with over TLS. Only for whoever may open the control socket: an operator that
 * could make operators would outlive its own certificate.
 */
export function operatorRoutes(plain: FastifyInstance, { authority, now }: CaApiContext): void {
  const app = plain.withTypeProvider<SchemaTypes>();

  app.post('/v1/operators', { schema: { body: operatorBody } }, async (request, reply) => {
    const { name, csr } = request.body;
    const issued = valueOrThrow(await authority.issueOperator({ name, csr: bytesOf(csr) }, now()));
    const { serial } = issued;
    request.log.info({ event: 'operator-issued', operator: name, serial }, 'operator certificate issued');
    const roots = authority.bundle().roots.map(base64Of);
    return reply.code(201).send({ name, ...issuedJson(issued), roots });
  });
}

/** What changes in ca.yaml. Only for whoever may open the control socket, and so may write that file. */
export function configRoutes(plain: FastifyInstance, { authority, now }: CaApiContext): void {
  const app = plain.withTypeProvider<SchemaTypes>();

  app.post('/v1/config', { schema: { body: configBody } }, async (request, reply) => {
    valueOrThrow(await authority.noteConfig(request.body, now()));
    const { key, value } = request.body;
    request.log.info({ event: 'configured', key, value }, 'a setting changes with the next start');
    return reply.code(204).send();
  });
}

/** What was done with keys on this machine. Only for whoever may open the control socket. */
export function exportRoutes(plain: FastifyInstance, { authority, now }: CaApiContext): void {
  const app = plain.withTypeProvider<SchemaTypes>();

  app.post('/v1/exports', { schema: { body: exportBody } }, async (request, reply) => {
    const { serial } = request.body;
    const { name } = valueOrThrow(await authority.noteExport(serial, now()));
    request.log.info({ event: 'exported', name, serial }, 'a key was put into a file');
    return reply.code(201).send({ name, serial });
  });
}

/** How a restored CA goes on. Only for whoever may open the control socket: it decides what counts as revoked. */
export function restoreRoutes(plain: FastifyInstance, { authority, now }: CaApiContext): void {
  const app = plain.withTypeProvider<SchemaTypes>();

  app.post(
    '/v1/restore/accept-loss',
    { schema: { body: acceptLossBody }, bodyLimit: MAX_MERGED_BODY_BYTES },
    async (request) => {
      const accepted = valueOrThrow(
        await authority.acceptLoss({ crls: request.body.crls.map(bytesOf) }, now()),
      );
      const { crlNumber, rosterNumber } = accepted;
      request.log.warn(
        { event: 'loss-accepted', crlNumber, rosterNumber, merged: accepted.mergedSerials.length },
        'the restored CA signs again',
      );
      return accepted;
    },
  );
}

/** What the offline root has signed. Only for whoever may open the control socket. */
export function rootRoutes(plain: FastifyInstance, { authority, now }: CaApiContext): void {
  const app = plain.withTypeProvider<SchemaTypes>();

  app.post(
    '/v1/root-crl',
    { schema: { body: rootCrlBody }, bodyLimit: MAX_ROOT_CRL_BODY_BYTES },
    async (request) => {
      const facts = valueOrThrow(await authority.importRootCrl(bytesOf(request.body.crl), now()));
      const { number, revoked, endsIssuing } = facts;
      const level = endsIssuing ? 'error' : 'info';
      request.log[level]({ event: 'root-crl', number, revoked, endsIssuing }, 'CRL of the root taken');
      return rootCrlJson(facts);
    },
  );
}

export type OperatorJson = { readonly name: string; readonly roots: readonly string[] } & ReturnType<
  typeof issuedJson
>;
