import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toHex, type Fault } from '../../std/index.ts';
import { sendProblem } from '../problem.ts';
import type { SchemaTypes } from '../validation.ts';
import type { CaApiContext } from './context.ts';
import { EnrollmentBodies } from './enrollment-body.ts';
import { enrollBody } from './schemas.ts';
import { valueOrThrow } from './spread.ts';
import { authoritiesJson, base64Of, bytesOf, crlsJson } from './wire.ts';

const JSON_MEDIA_TYPE = 'application/json; charset=utf-8';

/** What anybody may ask: public trust data, and enrollment, which brings its own proof. */
export function publicRoutes(plain: FastifyInstance, context: CaApiContext): void {
  const app = plain.withTypeProvider<SchemaTypes>();
  const { authority, now } = context;
  const bodies = new EnrollmentBodies();

  app.post('/v1/enroll', { schema: { body: enrollBody } }, async (request, reply) => {
    const { tokenId, secret, csr, advertise } = request.body;
    const enrolled = await authority.enroll(
      {
        tokenId,
        secret: bytesOf(secret),
        csr: bytesOf(csr),
        ...(advertise === undefined ? {} : { advertise }),
      },
      now(),
    );
    if (!enrolled.ok) return refuseEnrollment(context, request, reply, tokenId, enrolled.error);
    const { name, nodeId, serial } = enrolled.value;
    request.log.info({ event: 'enrolled', node: name, nodeId, serial }, 'node enrolled');
    return reply.type(JSON_MEDIA_TYPE).send(bodies.bodyOf(enrolled.value));
  });

  bundleRoute(plain, context);

  app.get('/v1/roster', async () => {
    const roster = valueOrThrow(await authority.currentRoster());
    return { rosterNumber: roster.number, record: base64Of(roster.record) };
  });

  app.get('/v1/crl', async () => crlsJson(valueOrThrow(await authority.currentCrls())));
}

/** Public certificates, each verified up to the pinned root by whoever asks. */
export function bundleRoute(app: FastifyInstance, { authority }: CaApiContext): void {
  app.get('/v1/bundle', () => {
    const bundle = authority.bundle();
    const { trustDomain, domainId } = bundle;
    return { trustDomain, domainId: toHex(domainId), ...authoritiesJson(bundle) };
  });
}

/** How long a caller whose enrollment waits for approval should leave it alone. */
export const PENDING_RETRY_AFTER_S = 5;

function refuseEnrollment(
  { onRefusal }: CaApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  subject: string,
  reason: Fault,
): FastifyReply {
  if (reason.code === 'LS_ENROLL_PENDING') reply.header('retry-after', String(PENDING_RETRY_AFTER_S));
  onRefusal?.({ reason, from: request.ip, subject });
  return sendProblem(reply, reason);
}
