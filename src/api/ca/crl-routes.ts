import type { FastifyInstance, FastifyReply } from 'fastify';
import { issuingCrlName, rootCrlName, type IssuingCrls } from '../../authority/index.ts';
import { fault, LsError } from '../../std/index.ts';
import type { CaApiContext } from './context.ts';
import { valueOrThrow } from './spread.ts';

const CRL_MEDIA_TYPE = 'application/pkix-crl';
const CACHE_CONTROL = 'public, max-age=60, must-revalidate';
const NAME = /^(issuing(?:-[1-9][0-9]{0,5})?)(-delta)?$/;

/**
 * CRLs for everybody, signed by themselves and so served in the clear: `issuing.crl` is that of the first issuing CA,
 * `issuing-2.crl` of the next, and each may have a delta beside it; roots have `root.crl`, `root-2.crl` and so on. Source: RFC 5280 §4.2.1.13, RFC 2585 §3.
 */
export function crlRoutes(app: FastifyInstance, { authority }: CaApiContext): void {
  const current = async () => valueOrThrow(await authority.currentCrls());
  app.get<{ Params: { file: string } }>('/crl/:file.crl', async (request, reply) => {
    const { file } = request.params;
    const { issuing, roots } = await current();
    const root = roots.find(({ generation }) => rootCrlName(generation) === file);
    if (root !== undefined) return sendCrl(reply, root.der);
    const [, name, delta] = NAME.exec(file) ?? [];
    const crls = issuing.find(({ generation }) => issuingCrlName(generation) === name);
    if (crls === undefined) {
      reply.callNotFound();
      return reply;
    }
    return sendCrl(reply, delta === undefined ? crls.full : deltaOf(crls));
  });
}

function deltaOf({ delta }: IssuingCrls): Uint8Array {
  if (delta !== null) return delta;
  throw new LsError(fault('LS_CA_NO_DELTA', 'nothing was revoked since the full CRL'));
}

function sendCrl(reply: FastifyReply, der: Uint8Array): FastifyReply {
  return reply.type(CRL_MEDIA_TYPE).header('cache-control', CACHE_CONTROL).send(Buffer.from(der));
}
