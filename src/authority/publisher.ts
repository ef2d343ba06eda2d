import { fault, LsError } from '../std/index.ts';
import type { Authorities, Publication } from './facts.ts';
import { MAX_PUBLICATION_LISTENERS } from './limits.ts';
import { sameAuthorities } from './same-authorities.ts';

type Listener = (publication: Publication) => void;

/** The newest that was told of each kind. */
export interface Told {
  readonly crlNumber: number;
  readonly rosterNumber: number;
  /** By generation of the root. */
  readonly rootCrlNumbers: ReadonlyMap<number, number>;
  readonly authorities: Authorities;
  /** JSON of the addresses; undefined before any. */
  readonly seeds: string | undefined;
}

/** Nothing at all: of a CA that is about to begin. */
const NOTHING: Told = {
  crlNumber: 0,
  rosterNumber: 0,
  rootCrlNumbers: new Map(),
  authorities: { roots: [], crossCertificates: [], issuing: [], active: null, renewWithinMs: null },
  seeds: undefined,
};

/**
 * Tells listeners what was committed, and never of a CRL or roster that is not newer than the last one told: what
 * other processes published may be heard of before an own commit has been answered. A listener must not throw: what
 * it was told of is durable either way.
 */
export class Publisher {
  readonly #listeners = new Set<Listener>();
  #told = NOTHING;

  /** What everybody knows already. */
  begin(known: Omit<Told, 'seeds'>): void {
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

  isNews(authorities: Authorities): boolean {
    return !sameAuthorities(authorities, this.#told.authorities);
  }

  publish(publication: Publication): void {
    const news = this.#newsOf(publication);
    if (Object.keys(news).length === 0) return;
    const { crlNumber, rosterNumber, rootCrlNumbers, authorities, seeds } = this.#told;
    this.#told = {
      authorities: news.authorities ?? authorities,
      crlNumber: news.crl?.number ?? crlNumber,
      rosterNumber: news.roster?.number ?? rosterNumber,
      rootCrlNumbers: new Map([
        ...rootCrlNumbers,
        ...(news.rootCrls ?? []).map(({ generation, number }) => [generation, number] as const),
      ]),
      seeds: news.seeds === undefined ? seeds : JSON.stringify(news.seeds),
    };
    for (const listener of [...this.#listeners]) listener(news);
  }

  #newsOf({ authorities, crl, rootCrls = [], roster, ...others }: Publication): Publication {
    const newer = rootCrls.filter(
      ({ generation, number }) => number > (this.#told.rootCrlNumbers.get(generation) ?? 0),
    );
    return {
      ...others,
      ...(authorities === undefined || !this.isNews(authorities) ? {} : { authorities }),
      ...(newer.length === 0 ? {} : { rootCrls: newer }),
      ...(crl === undefined || crl.number <= this.#told.crlNumber ? {} : { crl }),
      ...(roster === undefined || roster.number <= this.#told.rosterNumber ? {} : { roster }),
    };
  }
}
