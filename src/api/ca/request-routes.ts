import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SchemaTypes } from '../validation.ts';
import type { CaApiContext } from './context.ts';
import { decisionBody, requestParams, requestsQuery } from './schemas.ts';
import { valueOrThrow } from './spread.ts';
import { requestJson } from './wire.ts';

/** Says who calls, for the ledger: `control-socket`, or `operator/NAME`. */
export type WhoCalls = (request: FastifyRequest) => string;

/** The registration authority: enrollments that an operator approves or denies. */
export function requestRoutes(
  plain: FastifyInstance,
  { authority, now }: CaApiContext,
  whoCalls: WhoCalls,
): void {
  const app = plain.withTypeProvider<SchemaTypes>();

  app.get('/v1/requests', { schema: { querystring: requestsQuery } }, async (request) => {
    const listed = valueOrThrow(await authority.listRequests(request.query.all ?? false, now()));
    return { requests: listed.map(requestJson) };
  });

  for (const [word, verdict] of [
    ['approve', 'approved'],
    ['deny', 'denied'],
  ] as const) {
    app.post(
      `/v1/requests/:requestId/${word}`,
      { schema: { params: requestParams, body: decisionBody } },
      async (request) => {
        const { requestId } = request.params;
        const by = whoCalls(request);
        const decided = valueOrThrow(
          await authority.decideRequest({ requestId, verdict, by, ...request.body }, now()),
        );
        const { name, reason } = decided;
        request.log.info({ event: `enrollment-${verdict}`, requestId, node: name, by, reason }, verdict);
        return requestJson(decided);
      },
    );
  }
}
