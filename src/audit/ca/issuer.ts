import type { UnixMs } from '../../std/index.ts';
import type { SigningKey } from '../../heartbeat/index.ts';
import type { Certificate } from '../../x509/index.ts';
import type { Place } from '../report.ts';

export interface NewestCrl {
  readonly number: number;
  readonly sha256: Uint8Array;
  readonly thisUpdate: UnixMs;
  readonly place: Place;
}

/** One issuing CA of the domain, as the entries so far tell of it. */
export interface IssuerOfCa {
  readonly generation: number;
  readonly place: Place;
  /** Verified up to the pinned root. */
  readonly certificate: Certificate;
  readonly key: SigningKey;
  state: 'prepared' | 'active' | 'retiring' | 'retired' | 'revoked';
  newestCrl: NewestCrl | undefined;
  newestFull: NewestCrl | undefined;
}

/** Nothing is signed by it any more. */
export function hasEnded({ state }: Pick<IssuerOfCa, 'state'>): boolean {
  return state === 'retired' || state === 'revoked';
}
