import { fault, LsError } from '../std/index.ts';
import type { Publication } from './facts.ts';
import { MAX_PUBLICATION_LISTENERS } from './limits.ts';

type Listener = (publication: Publication) => void;

/** The newest that was told of each kind. */
export interface Told {
  readonly crlNumber: number;
  readonly rosterNumber: number;
  readonly rootCrlNumber: number;
  /** JSON of the addresses; undefined before any. */
  readonly seeds: string | undefined;
}

/**
 * Tells listeners what was committed, and never of a CRL or roster that is not newer than the last one told: what
 * other processes published may be heard of before an own commit has been answered. A listener must not throw: what
 * it was told of is durable either way.
 */
export class Publisher {
  readonly #listeners = new Set<Listener>();
  #told: Told;

  constructor(known: Omit<Told, 'seeds'>) {
    this.#told = { ...known, seeds: undefined };
  }

  get told(): Told {
    return this.#told;
  }

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
    const news = this.#newsOf(publication);
    if (Object.keys(news).length === 0) return;
    const { crlNumber, rosterNumber, rootCrlNumber, seeds } = this.#told;
    this.#told = {
      crlNumber: news.crl?.number ?? crlNumber,
      rosterNumber: news.roster?.number ?? rosterNumber,
      rootCrlNumber: news.rootCrl?.number ?? rootCrlNumber,
      seeds: news.seeds === undefined ? seeds : JSON.stringify(news.seeds),
    };
    for (const listener of [...this.#listeners]) listener(news);
  }

  #newsOf({ crl, rootCrl, roster, ...others }: Publication): Publication {
    return {
      ...others,
      ...(rootCrl === undefined || rootCrl.number <= this.#told.rootCrlNumber ? {} : { rootCrl }),
      ...(crl === undefined || crl.number <= this.#told.crlNumber ? {} : { crl }),
      ...(roster === undefined || roster.number <= this.#told.rosterNumber ? {} : { roster }),
    };
  }
}
