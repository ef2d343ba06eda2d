import type { SimNode } from './node.ts';

/** Lines kept: enough to see what led to a violation. */
export const MAX_HISTORY = 60;

/** The last that happened, for whoever has to understand a violation. */
export class History {
  #lines: string[] = [];

  get lines(): readonly string[] {
    return this.#lines.slice(-MAX_HISTORY);
  }

  add(now: number, node: SimNode | undefined, what: string): void {
    this.#lines.push(`${(now / 1_000).toFixed(3)} s  ${node?.name ?? 'world'} ${what}`);
    if (this.#lines.length > 2 * MAX_HISTORY) this.#lines = this.#lines.slice(-MAX_HISTORY);
  }
}
