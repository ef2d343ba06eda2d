import type { Transition } from '../../mesh/index.ts';

/** Changes remembered for those who ask later. */
export const MAX_RECENT_TRANSITIONS = 1_000;
/** Listeners at the same time; more would be a leak. */
export const MAX_TRANSITION_LISTENERS = 256;

/** The changes of state a node has seen: the newest ones, and all to come for who listens. */
export class TransitionLog {
  #recent: Transition[] = [];
  readonly #listeners = new Set<(transition: Transition) => void>();

  recent(): readonly Transition[] {
    return this.#recent;
  }

  push(transition: Transition): void {
    this.#recent.push(transition);
    if (this.#recent.length > MAX_RECENT_TRANSITIONS) this.#recent.shift();
    for (const listener of this.#listeners) listener(transition);
  }

  subscribe(listener: (transition: Transition) => void): () => void {
    if (this.#listeners.size >= MAX_TRANSITION_LISTENERS)
      throw new RangeError('too many transition listeners');
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
