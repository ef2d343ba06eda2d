import type { FastifyInstance } from 'fastify';
import { toHex } from '../../std/index.ts';
import type { SchemaTypes } from '../validation.ts';
import type { CaApiContext } from './context.ts';
import { enrollBody } from './schemas.ts';
import { valueOrThrow } from './spread.ts';
import { base64Of, bytesOf, crlsJson, enrollmentJson } from './wire.ts';

/** What anybody may ask: public trust data, and enrollment, which brings its own proof. */
export function publicRoutes(plain: FastifyInstance, context: CaApiContext): void {
  const app = plain.withTypeProvider<SchemaTypes>();
  const { authority, now } = context;

  app.post('/v1/enroll', { schema: { body: enrollBody } }, async (request) => {
    const { tokenId, secret, csr, advertise } = request.body;
    const enrollment = valueOrThrow(
      await authority.enroll(
        {
          tokenId,
          secret: bytesOf(secret),
          csr: bytesOf(csr),
          ...(advertise === undefined ? {} : { advertise }),
        },
        now(),
      ),
    );
    const { name, nodeId, serial } = enrollment;
    request.log.info({ event: 'enrolled', node: name, nodeId, serial }, 'node enrolled');
    return enrollmentJson(enrollment);
  });

  app.get('/v1/bundle', () => {
    const bundle = authority.bundle();
    return {
      trustDomain: bundle.trustDomain,
      domainId: toHex(bundle.domainId),
      roots: bundle.roots.map(base64Of),
      issuing: [base64Of(bundle.issuing)],
    };
  });

  app.get('/v1/roster', async () => {
    const roster = valueOrThrow(await authority.currentRoster());
    return { rosterNumber: roster.number, record: base64Of(roster.record) };
  });

  app.get('/v1/crl', async () => crlsJson(valueOrThrow(await authority.currentCrls())));
}
