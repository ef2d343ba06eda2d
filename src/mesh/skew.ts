import type { Heartbeat } from '../heartbeat/index.ts';
import type { Member } from '../membership/index.ts';
import { fault } from '../std/index.ts';
import type { Core } from './core.ts';

/** A sender's wall clock this far from ours is worth a warning, never a verdict. */
const CLOCK_SKEW_WARN_MS = 30_000;

/** Says once when the clock of a sender is found far from ours, and remembers it as long as it is. */
export function warnOfSkew({ out, now }: Pick<Core, 'out' | 'now'>, member: Member, body: Heartbeat): void {
  const skewMs = body.tMs - now.wall;
  const skewed = Math.abs(skewMs) > CLOCK_SKEW_WARN_MS;
  if (skewed && !member.clockSkewed) {
    const detail = `the clock of ${member.name} differs from ours by ${skewMs} ms`;
    out.report('warn', fault('LS_MESH_CLOCK_SKEW', detail), member.nodeId);
  }
  member.clockSkewed = skewed;
}
