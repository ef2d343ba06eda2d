import { setTimeout as delay } from 'node:timers/promises';
import type { PeerStatusJson } from '../../api/node/index.ts';
import { systemClock } from '../../io/system/index.ts';
import { fault, LsError } from '../../std/index.ts';
import type { DemoCluster } from './cluster.ts';

const LOOK_EVERY_MS = 10;

/** How one node sees another, and whether that is what is waited for. */
export type Expectation = (peer: PeerStatusJson | undefined) => boolean;

export const isAlive: Expectation = (peer) => peer?.state === 'alive';
export const isDown: Expectation = (peer) => peer?.state === 'down';
export const isRevoked: Expectation = (peer) => peer?.state === 'revoked' && !peer.alive;

/**
 * Waits until every one of `observers` sees every one of `subjects` as expected; answers the time it took in
 * milliseconds. Throws LS_DEMO_EXPECTATION after `limitMs` with what is seen instead.
 */
export async function waitUntil(
  cluster: DemoCluster,
  observers: readonly string[],
  subjects: readonly string[],
  expected: Expectation,
  limitMs: number,
): Promise<number> {
  const start = systemClock.now().mono;
  for (;;) {
    const open = await unmet(cluster, observers, subjects, expected);
    const tookMs = systemClock.now().mono - start;
    if (open.length === 0) return tookMs;
    if (tookMs > limitMs) {
      throw new LsError(fault('LS_DEMO_EXPECTATION', `after ${limitMs} ms ${open.join('; ')}`));
    }
    await delay(LOOK_EVERY_MS);
  }
}

async function unmet(
  cluster: DemoCluster,
  observers: readonly string[],
  subjects: readonly string[],
  expected: Expectation,
): Promise<readonly string[]> {
  const seen = await Promise.all(
    observers.map(async (observer) => {
      const status = await cluster.status(observer);
      return subjects
        .filter((subject) => subject !== observer)
        .map((subject) => ({ subject, peer: status?.peers.find((peer) => peer.name === subject) }))
        .filter(({ peer }) => !expected(peer))
        .map(({ subject, peer }) => `${observer} sees ${subject} as ${peer?.state ?? 'nobody it knows'}`);
    }),
  );
  return seen.flat();
}
