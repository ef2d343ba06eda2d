import type { FastifyInstance } from 'fastify';
import { readOnlyFault } from '../../authority/index.ts';
import { fault, LsError, type UnixMs } from '../../std/index.ts';
import type { CaApiContext } from './context.ts';
import { valueOrThrow } from './spread.ts';
import { timeText } from './wire.ts';

/** An answer this close to its end should have been replaced hours ago. */
const LAPSING_MS = 60 * 60_000;

/**
 * `/healthz`: the process answers. `/readyz`: its store answers too, its ledger fits its checkpoint, what it has
 * signed in advance is not about to lapse, and it says how far the CA has got. LS_CA_READ_ONLY for a restored one.
 */
export function healthRoutes(app: FastifyInstance, context: CaApiContext): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    const broken = context.ledgerFault?.();
    if (broken !== undefined) throw new LsError(broken);
    if (valueOrThrow(await context.authority.readOnlySince()) !== null) throw new LsError(readOnlyFault());
    const crls = valueOrThrow(await context.authority.currentCrls());
    const roster = valueOrThrow(await context.authority.currentRoster());
    const ocsp = context.ocsp?.health() ?? null;
    checkFresh(ocsp?.freshUntil ?? null, context.now());
    return {
      status: 'ready',
      crlNumber: crls.number,
      rosterNumber: roster.number,
      activeNodes: roster.active,
      feeds: context.feeds.size,
      ocspAnswers: ocsp?.held ?? 0,
    };
  });
}

function checkFresh(until: UnixMs | null, now: UnixMs): void {
  if (until === null || until - now > LAPSING_MS) return;
  throw new LsError(
    fault('LS_OCSP_LAPSING', `OCSP answers lapse at ${timeText(until)} and are not replaced`),
  );
}
