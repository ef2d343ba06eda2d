import type { FastifyInstance } from 'fastify';
import type { IssuingFacts } from '../../authority/index.ts';
import { fault, LsError } from '../../std/index.ts';
import type { SchemaTypes } from '../validation.ts';
import type { CaApiContext, RolloverDesk } from './context.ts';
import { adoptionOf, issuingJson, rolloverStatus, rootJson } from './rollover-status.ts';
import {
  MAX_ROOT_CRL_BODY_BYTES,
  rolloverActivateBody,
  rolloverGenerationBody,
  rolloverPrepareBody,
  rolloverRevokeBody,
  rolloverRootBody,
} from './schemas.ts';
import { activeMembers, valueOrThrow } from './spread.ts';
import { base64Of, bytesOf, rootCrlJson } from './wire.ts';

/** Nodes that a refusal names. */
const NAMED = 10;
const DEFAULT_RENEW_WITHIN_MS = 600_000;

/** How one issuing CA follows another. Whoever registers these routes has made sure that only administrators reach them. */
export function rolloverRoutes(plain: FastifyInstance, context: CaApiContext, desk: RolloverDesk): void {
  const app = plain.withTypeProvider<SchemaTypes>();
  const { authority, now } = context;
  const list = async (): Promise<readonly IssuingFacts[]> =>
    valueOrThrow(await authority.rollover.list(now()));

  app.get('/v1/rollover', () => rolloverStatus(context));

  app.post('/v1/rollover/request', async () => {
    const { generation, csr, keySha256 } = await desk.request();
    return { generation, csr: base64Of(csr), keySha256 };
  });

  const prepare = { schema: { body: rolloverPrepareBody }, bodyLimit: 2 * MAX_ROOT_CRL_BODY_BYTES };
  app.post('/v1/rollover/prepare', prepare, async (request) => {
    const { certificate, rootCrl } = request.body;
    const facts = await desk.prepare({
      ...(certificate === undefined ? {} : { certificate: bytesOf(certificate) }),
      ...(rootCrl === undefined ? {} : { rootCrl: bytesOf(rootCrl) }),
    });
    const { generation, serial } = facts;
    request.log.info({ event: 'rollover', generation, serial }, 'issuing CA prepared');
    return issuingJson(facts);
  });

  const root = { schema: { body: rolloverRootBody }, bodyLimit: 2 * MAX_ROOT_CRL_BODY_BYTES };
  app.post('/v1/rollover/root', root, async (request) => {
    const { made } = request.body;
    if (made === undefined) return rootJson(await desk.prepareRoot(undefined));
    const { certificate, cross, rootCrl } = made;
    const parts = { certificate: bytesOf(certificate), cross: bytesOf(cross), rootCrl: bytesOf(rootCrl) };
    return rootJson(await desk.prepareRoot(parts));
  });

  app.post('/v1/rollover/activate', { schema: { body: rolloverActivateBody } }, async (request) => {
    const { generation: wanted, renewWithinMs = DEFAULT_RENEW_WITHIN_MS, force = false } = request.body;
    const known = await list();
    const next = activatable(known, wanted);
    if (!force && next.state === 'prepared') await refuseUnadopted(context, next);
    const facts = valueOrThrow(await authority.rollover.activate(next.generation, now(), renewWithinMs));
    const { generation, serial } = facts;
    request.log.info({ event: 'rollover', generation, serial, renewWithinMs, force }, 'issuing CA active');
    await desk.follow();
    return issuingJson(facts);
  });

  app.post('/v1/rollover/retire', { schema: { body: rolloverGenerationBody } }, async (request) => {
    const retiring = (await list()).find(({ state }) => state === 'retiring');
    const wanted = request.body.generation ?? retiring?.generation;
    if (wanted === undefined) throw stateError('no issuing CA is retiring');
    const facts = valueOrThrow(await authority.rollover.retire(wanted, now()));
    request.log.info({ event: 'rollover', generation: wanted, serial: facts.serial }, 'issuing CA retired');
    await desk.follow();
    return issuingJson(facts);
  });

  app.post('/v1/rollover/revoke', { schema: { body: rolloverRevokeBody } }, async (request) => {
    const { generation } = request.body;
    const facts = valueOrThrow(await authority.rollover.revokeIssuing(generation, now()));
    const { number } = facts;
    request.log.warn({ event: 'rollover', generation, rootCrl: number }, 'the root revoked an issuing CA');
    await desk.follow();
    return rootCrlJson(facts);
  });
}

/** The one asked for; else the prepared one, or again the active one while another still retires. */
function activatable(known: readonly IssuingFacts[], wanted: number | undefined): IssuingFacts {
  const isRolling = known.some(({ state }) => state === 'retiring');
  const found =
    wanted === undefined
      ? (known.find(({ state }) => state === 'prepared') ??
        (isRolling ? known.find(({ state }) => state === 'active') : undefined))
      : known.find(({ generation }) => generation === wanted);
  if (found !== undefined) return found;
  throw new LsError(fault('LS_ROLLOVER_NOT_PREPARED', 'no issuing CA is prepared'));
}

/** A node that does not know the new CA would count those alive no more that it certified. */
async function refuseUnadopted(context: CaApiContext, next: IssuingFacts): Promise<void> {
  const { members } = await activeMembers(context.authority);
  const { missing } = adoptionOf(context, next, members);
  if (missing.length === 0) return;
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : '';
  const who = `${missing.slice(0, NAMED).join(', ')}${more}`;
  throw new LsError(
    fault(
      'LS_ROLLOVER_NOT_ADOPTED',
      `${missing.length} of ${members.length} active nodes have not confirmed generation ${next.generation}: ${who}`,
    ),
  );
}

function stateError(why: string): LsError {
  return new LsError(fault('LS_ROLLOVER_STATE', why));
}
