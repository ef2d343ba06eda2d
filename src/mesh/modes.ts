import { HEARTBEAT_FLAGS } from '../heartbeat/index.ts';

/** What an operator has put a node into. Neither changes its state: both are for those who give it work. */
export interface NodeModes {
  /** Somebody works on it: its absence is no news. */
  readonly maintenance: boolean;
  /** It lives, and is to be given no new work. */
  readonly draining: boolean;
}

export const NO_MODES: NodeModes = { maintenance: false, draining: false };

/** Why a change of modes is an event: stable words that scripts may compare. */
export type ModeReason = 'maintenance-on' | 'maintenance-off' | 'draining-on' | 'draining-off';

const FLAG_NAMES = ['unlogged', 'maintenance', 'draining'] as const;

/** As a sum of HEARTBEAT_FLAGS. */
export function modeFlags({ maintenance, draining }: NodeModes): number {
  return (maintenance ? HEARTBEAT_FLAGS.maintenance : 0) | (draining ? HEARTBEAT_FLAGS.draining : 0);
}

/** Names of the flags in a sum of HEARTBEAT_FLAGS. */
export function flagNames(flags: number): readonly string[] {
  return FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0);
}

/** One reason for each mode in which the two sums differ. */
export function modeChanges(before: number, after: number): readonly ModeReason[] {
  return (['maintenance', 'draining'] as const)
    .filter((name) => ((before ^ after) & HEARTBEAT_FLAGS[name]) !== 0)
    .map((name): ModeReason => ((after & HEARTBEAT_FLAGS[name]) === 0 ? `${name}-off` : `${name}-on`));
}
