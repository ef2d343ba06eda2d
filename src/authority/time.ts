import { unixMs, type UnixMs } from '../std/index.ts';
import type { StoreReader } from './store.ts';

const SECOND_MS = 1_000;

/**
 * The moment the authority acts at: never behind the newest thisUpdate it has signed, so a clock turned back
 * makes no expired token good again and no CRL older than the one before.
 */
export async function actingTime(tx: StoreReader, now: UnixMs): Promise<UnixMs> {
  return noEarlierThan(await tx.newestCrl(), now);
}

/** `now`, or the thisUpdate of a CRL that is newer. */
export function noEarlierThan(newest: { readonly thisUpdate: UnixMs } | null, now: UnixMs): UnixMs {
  return newest === null || newest.thisUpdate <= now ? now : newest.thisUpdate;
}

/** The second that `time` falls in: what certificates and CRLs can express. */
export function wholeSecond(time: UnixMs): UnixMs {
  return unixMs(Math.floor(time / SECOND_MS) * SECOND_MS);
}
