import type { FastifyInstance } from 'fastify';
import type { CaApiContext } from './context.ts';
import { valueOrThrow } from './spread.ts';

/** `/healthz`: the process answers. `/readyz`: its store answers too, and says how far the CA has got. */
export function healthRoutes(app: FastifyInstance, context: CaApiContext): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    const crls = valueOrThrow(await context.authority.currentCrls());
    const roster = valueOrThrow(await context.authority.currentRoster());
    return {
      status: 'ready',
      crlNumber: crls.number,
      rosterNumber: roster.number,
      activeNodes: roster.active,
      feeds: context.feeds.size,
    };
  });
}
