import type { FastifyInstance, FastifyReply } from 'fastify';
import { fault, LsError } from '../../std/index.ts';
import type { CaApiContext } from './context.ts';
import { valueOrThrow } from './spread.ts';

const CRL_MEDIA_TYPE = 'application/pkix-crl';
const CACHE_CONTROL = 'public, max-age=60, must-revalidate';

/** CRLs for everybody, signed by themselves and so served in the clear. Source: RFC 5280 §4.2.1.13, RFC 2585 §3. */
export function crlRoutes(app: FastifyInstance, { authority }: CaApiContext): void {
  const current = async () => valueOrThrow(await authority.currentCrls());
  app.get('/crl/issuing.crl', async (_, reply) => sendCrl(reply, (await current()).full));
  app.get('/crl/root.crl', async (_, reply) => sendCrl(reply, (await current()).root));
  app.get('/crl/issuing-delta.crl', async (_, reply) => {
    const { delta } = await current();
    if (delta === null) {
      throw new LsError(fault('LS_CA_NO_DELTA', 'nothing was revoked since the full CRL'));
    }
    return sendCrl(reply, delta);
  });
}

function sendCrl(reply: FastifyReply, der: Uint8Array): FastifyReply {
  return reply.type(CRL_MEDIA_TYPE).header('cache-control', CACHE_CONTROL).send(Buffer.from(der));
}
