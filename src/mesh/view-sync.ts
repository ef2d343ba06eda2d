import type { MonoMs, NodeId } from '../std/index.ts';
import type { Core } from './core.ts';

/** An agreement counts for so many intervals, its neighbour's or ours, whichever are longer. Source: DESIGN "States". */
const AGREED_FOR_INTERVALS = 5;

/**
 * With which neighbours this node has lately had the same view of the mesh. Of a member that it does not observe a
 * node knows by others only, so it counts that member alive only while t + 1 neighbours agree with it: at least one of
 * them is correct, and would have passed on an accusation. t + 1 is the roster's H.
 */
export class ViewSync {
  readonly #core: Core;
  readonly #agreed = new Map<NodeId, MonoMs>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** A neighbour has shown that it holds what we hold. */
  agreed(nodeId: NodeId): void {
    const { table, now } = this.#core;
    if (table.isNeighbour(nodeId)) this.#agreed.set(nodeId, now.mono);
  }

  get isStale(): boolean {
    const { table, now, config } = this.#core;
    let fresh = 0;
    for (const [nodeId, at] of this.#agreed) {
      const intervalMs = Math.max(config.intervalMs, table.get(nodeId)?.intervalMs ?? 0);
      if (now.mono - at <= AGREED_FOR_INTERVALS * intervalMs) fresh++;
      else this.#agreed.delete(nodeId);
    }
    return fresh < (table.roster?.h ?? Infinity);
  }
}
