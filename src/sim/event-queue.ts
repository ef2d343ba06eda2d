/** Something to run at a moment; of two at one moment the one scheduled first runs first. */
interface Scheduled {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** What is still to come, as a binary heap: simulations schedule far more than they keep. */
export class EventQueue {
  readonly #heap: Scheduled[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the next one is due; undefined when nothing is. */
  get nextAt(): number | undefined {
    return this.#heap[0]?.at;
  }

  push(at: number, run: () => void): void {
    const added = { at, order: this.#order++, run };
    let place = this.#heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#heap[parent];
      if (above === undefined || !isBefore(added, above)) break;
      this.#heap[place] = above;
      place = parent;
    }
    this.#heap[place] = added;
  }

  /** Removes the next one; undefined when nothing is scheduled. */
  shift(): (() => void) | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (first !== last) this.#sink(last);
    return first.run;
  }

  #sink(item: Scheduled): void {
    let place = 0;
    for (;;) {
      const child = this.#earlierChild(place);
      const below = this.#heap[child];
      if (below === undefined || !isBefore(below, item)) break;
      this.#heap[place] = below;
      place = child;
    }
    this.#heap[place] = item;
  }

  #earlierChild(place: number): number {
    const left = this.#heap[2 * place + 1];
    const right = this.#heap[2 * place + 2];
    return left !== undefined && right !== undefined && isBefore(right, left) ? 2 * place + 2 : 2 * place + 1;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
