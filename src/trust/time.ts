import { unixMs, type UnixMs } from '../std/index.ts';

/** What bears witness to the present. Any of it may be missing; none of it can be turned back. */
export interface TimeEvidence {
  /** What the system clock says. */
  readonly system: UnixMs;
  /** thisUpdate of the newest CRL that was verified; the CA had reached that moment. */
  readonly newestThisUpdate: UnixMs | undefined;
  /** The latest time this host ever judged by, read back from its disk. */
  readonly highWater: UnixMs | undefined;
}

/**
 * The moment to judge validity at: the latest that anything trusted has shown. A clock that is turned back
 * therefore brings no expired certificate and no outdated CRL back to life.
 */
export function trustedNow({ system, newestThisUpdate, highWater }: TimeEvidence): UnixMs {
  return unixMs(Math.max(system, newestThisUpdate ?? system, highWater ?? system));
}
