import { fault, type Fault, type NodeName } from '../std/index.ts';
import type { Core } from './core.ts';

/**
 * Refuses a declared interval outside of the roster's bounds: a member could make its observers wait for a minute, or
 * call itself late whenever it likes. Error: LS_HEARTBEAT_INTERVAL.
 */
export function intervalFault(core: Core, name: NodeName, intervalMs: number): Fault | undefined {
  const bounds = core.table.intervalBounds(core.now.mono);
  if (bounds === undefined || (intervalMs >= bounds.minMs && intervalMs <= bounds.maxMs)) return undefined;
  const range = `${String(bounds.minMs)} to ${String(bounds.maxMs)} ms`;
  return fault(
    'LS_HEARTBEAT_INTERVAL',
    `${name} declares an interval of ${String(intervalMs)} ms; the roster allows ${range}`,
  );
}

/** Between our own heartbeats: as configured, but within the bounds of the roster, beyond which nobody would hear us. */
export function ownIntervalMs({ config, table }: Pick<Core, 'config' | 'table'>): number {
  const { intervalMinMs = 0, intervalMaxMs = Infinity } = table.roster ?? {};
  return Math.min(Math.max(config.intervalMs, intervalMinMs), intervalMaxMs);
}
