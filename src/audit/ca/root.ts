import type { Certificate } from '../../x509/index.ts';
import type { Place } from '../report.ts';
import type { NewestCrl } from './issuer.ts';

/** One root of the domain, as the entries so far tell of it. */
export interface RootOfCa {
  /** From 1. */
  readonly generation: number;
  readonly place: Place;
  readonly certificate: Certificate;
  newestCrl: NewestCrl | undefined;
  /** Serials that its newest CRL lists. */
  revoked: ReadonlySet<string>;
  /** Those that its next CRL lists too. */
  readonly revokesNext: Set<string>;
}

/** A root without any CRL yet. */
export function freshRoot(generation: number, place: Place, certificate: Certificate): RootOfCa {
  return {
    ...{ generation, place, certificate },
    ...{ newestCrl: undefined, revoked: new Set<string>(), revokesNext: new Set<string>() },
  };
}
