import type { Authority } from '../../authority/index.ts';
import type { UnixMs } from '../../std/index.ts';
import type { HomeRolloverDesk } from './rollover-desk.ts';
import { schedule } from './schedule.ts';

/** A key file that has to be copied from another server is looked for this often. */
const LOOK_EVERY_MS = 5_000;

/**
 * Has a server follow what changes about the issuing CAs, whoever changed it, and what changed before it started: at
 * once, and again until it could.
 * Returns the function that ends it.
 */
export function followGenerations(
  authority: Authority,
  desk: HomeRolloverDesk,
  now: () => UnixMs,
): () => void {
  const unsubscribe = authority.onPublication(({ authorities }) => {
    if (authorities !== undefined) void desk.follow();
  });
  let isFirst = true;
  const run = async (): Promise<number> => {
    if (isFirst || desk.fault !== undefined) await desk.follow();
    isFirst = false;
    return now() + LOOK_EVERY_MS;
  };
  // The desk tells what fails itself.
  const stop = schedule({ run, onError: () => undefined, retryMs: LOOK_EVERY_MS }, now(), now);
  return () => {
    stop();
    unsubscribe();
  };
}
