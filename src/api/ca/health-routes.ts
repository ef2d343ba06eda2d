import type { FastifyInstance } from 'fastify';
import { readOnlyFault } from '../../authority/index.ts';
import { fault, LsError, type UnixMs } from '../../std/index.ts';
import type { CaApiContext } from './context.ts';
import { valueOrThrow } from './spread.ts';
import { timeText } from './wire.ts';

const HOUR_MS = 60 * 60_000;
/**
 * What is this close to its end should have been replaced long ago: OCSP answers hold for 12 h and are renewed every 6,
 * CRLs 72 h and hourly, that of the root 180 d and after 90, for which somebody may have to fetch its key.
 */
export const LAPSING_MS = { ocsp: HOUR_MS, crl: 24 * HOUR_MS, rootCrl: 30 * 24 * HOUR_MS } as const;

/**
 * `/healthz`: the process answers. `/readyz`: its store and the token with its keys answer too, its ledger fits its checkpoint, what it has
 * signed in advance is not about to lapse, and it says how far the CA has got. LS_CA_READ_ONLY for a restored one,
 * LS_CA_REVOKED for one that its root has ended.
 */
export function healthRoutes(app: FastifyInstance, context: CaApiContext): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    const broken = context.ended?.() ?? context.keyFault?.() ?? context.ledgerFault?.();
    if (broken !== undefined) throw new LsError(broken);
    if (valueOrThrow(await context.authority.readOnlySince()) !== null) throw new LsError(readOnlyFault());
    const crls = valueOrThrow(await context.authority.currentCrls());
    const roster = valueOrThrow(await context.authority.currentRoster());
    const ocsp = context.ocsp?.health() ?? null;
    checkAnswers(ocsp?.freshUntil ?? null, context.now());
    checkCrl('the CRL of the issuing CA', crls.nextUpdate, context.now() + LAPSING_MS.crl);
    checkCrl('the CRL of the root', crls.rootNextUpdate, context.now() + LAPSING_MS.rootCrl);
    return {
      status: 'ready',
      crlNumber: crls.number,
      crlNextUpdate: timeText(crls.nextUpdate),
      rootCrlNextUpdate: timeText(crls.rootNextUpdate),
      rosterNumber: roster.number,
      activeNodes: roster.active,
      feeds: context.feeds.size,
      ocspAnswers: ocsp?.held ?? 0,
    };
  });
}

function checkAnswers(until: UnixMs | null, now: UnixMs): void {
  if (until === null || until - now > LAPSING_MS.ocsp) return;
  throw new LsError(
    fault('LS_OCSP_LAPSING', `OCSP answers lapse at ${timeText(until)} and are not replaced`),
  );
}

function checkCrl(which: string, nextUpdate: UnixMs, enough: number): void {
  if (nextUpdate > enough) return;
  throw new LsError(
    fault('LS_CRL_LAPSING', `${which} lapses at ${timeText(nextUpdate)} and is not replaced`),
  );
}
