import { fault, LsError } from '../std/index.ts';
import type { Publication } from './facts.ts';
import { MAX_PUBLICATION_LISTENERS } from './limits.ts';

type Listener = (publication: Publication) => void;

/** Tells listeners what was committed. A listener must not throw: what it was told of is durable either way. */
export class Publisher {
  readonly #listeners = new Set<Listener>();

  /** Returns the function that ends the subscription. */
  subscribe(listener: Listener): () => void {
    if (this.#listeners.size >= MAX_PUBLICATION_LISTENERS) {
      throw new LsError(
        fault('LS_CA_REQUEST', `more than ${MAX_PUBLICATION_LISTENERS} listen to the authority`),
      );
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  publish(publication: Publication): void {
    if (Object.keys(publication).length === 0) return;
    for (const listener of [...this.#listeners]) listener(publication);
  }
}
