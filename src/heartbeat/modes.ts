import type { CborMap } from '../codec/index.ts';
import { HEARTBEAT_FLAGS } from './flags.ts';

/** Key in `ext` under which a node says its modes to all members; see {@link announcedModes}. */
export const EXT_MODES = 2;
/** Those of HEARTBEAT_FLAGS that an operator sets. */
export const MODE_FLAGS = HEARTBEAT_FLAGS.maintenance | HEARTBEAT_FLAGS.draining;

/**
 * The modes that a record announces to all members, as a sum of HEARTBEAT_FLAGS; undefined when it announces none. An
 * epoch-start does that while a mode is on, a heartbeat when one has changed: heartbeats without it reach observers only.
 */
export function announcedModes({ ext }: { readonly ext: CborMap }): number | undefined {
  const modes = ext.get(EXT_MODES);
  return typeof modes === 'number' ? modes : undefined;
}

/** `ext` that announces these modes. */
export function announcing(modes: number): CborMap {
  return new Map([[EXT_MODES, modes]]);
}

/** What is wrong with what `ext` says of modes: it must be a sum of MODE_FLAGS, in a heartbeat that of its own flags. */
export function modesRule({
  ext,
  flags,
}: {
  readonly ext: CborMap;
  readonly flags?: number;
}): string | undefined {
  const modes = ext.get(EXT_MODES);
  if (modes === undefined) return undefined;
  if (typeof modes !== 'number' || modes < 0 || modes > MODE_FLAGS || (modes & ~MODE_FLAGS) !== 0) {
    return 'ext announces something else than modes';
  }
  return flags === undefined || modes === (flags & MODE_FLAGS)
    ? undefined
    : 'ext and flags name different modes';
}
