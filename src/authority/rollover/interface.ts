import type { Fault, Result, SerialNumber, Signer, UnixMs } from '../../std/index.ts';
import type { RootCrlFacts } from '../facts.ts';

export type IssuingState = 'prepared' | 'active' | 'retiring' | 'retired' | 'revoked';

/** One issuing CA of the domain. */
export interface IssuingFacts {
  readonly generation: number;
  readonly state: IssuingState;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly serial: SerialNumber;
  readonly spkiSha256: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly preparedAt: UnixMs;
  readonly activatedAt: UnixMs | null;
  readonly endedAt: UnixMs | null;
  readonly firstCrlNumber: number;
  /** Unexpired, unrevoked certificates below it. */
  readonly live: number;
  /** The latest notAfter among all below it; null for none. */
  readonly lastNotAfter: UnixMs | null;
}

export interface Rollover {
  list(now: UnixMs): Promise<Result<readonly IssuingFacts[], Fault>>;
  /** Certified by the root's key at hand, or by `certificate` + `rootCrl` that an offline root has made. Same key again: same facts. */
  prepare(
    request: { readonly key: Signer; readonly certificate?: Uint8Array; readonly rootCrl?: Uint8Array },
    now: UnixMs,
  ): Promise<Result<IssuingFacts, Fault>>;
  /** The prepared generation signs from now on. The gate (who has adopted) is the caller's. Idempotent. */
  activate(generation: number, now: UnixMs, renewWithinMs: number): Promise<Result<IssuingFacts, Fault>>;
  /** LS_ROLLOVER_NOT_EMPTY while something under it is unexpired and unrevoked. */
  retire(generation: number, now: UnixMs): Promise<Result<IssuingFacts, Fault>>;
  /** The root revokes this generation (cACompromise). LS_ROLLOVER_ROOT_ABSENT without its key. Never the active one. */
  revokeIssuing(generation: number, now: UnixMs): Promise<Result<RootCrlFacts, Fault>>;
}
