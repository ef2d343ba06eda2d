import type { Fault, Result, SerialNumber, Signer, UnixMs } from '../../std/index.ts';
import type { RootCrlFacts } from '../facts.ts';
import type { IssuingState } from '../rows.ts';

/** One issuing CA of the domain. */
export interface IssuingFacts {
  readonly generation: number;
  readonly state: IssuingState;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly serial: SerialNumber;
  /** SHA-256 of its DER SubjectPublicKeyInfo. */
  readonly spkiSha256: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly preparedAt: UnixMs;
  readonly activatedAt: UnixMs | null;
  readonly endedAt: UnixMs | null;
  /** The first publication that brought a CRL of it: who enforces that one knows this CA. */
  readonly firstCrlNumber: number;
  /** Unexpired certificates below it that are not revoked, without those of the CA's own servers and OCSP responders. */
  readonly live: number;
  /** The latest notAfter among all unexpired ones; null for none. */
  readonly lastNotAfter: UnixMs | null;
}

export interface PrepareRequest {
  readonly key: Signer;
  /** DER, by a root elsewhere. Without it the root's key has to be at hand. */
  readonly certificate?: Uint8Array;
  /** DER; a newer one of the root, taken over with it. */
  readonly rootCrl?: Uint8Array;
}

/** One root of the domain. */
export interface RootFacts {
  /** 1 is the genesis root, which names the domain. */
  readonly generation: number;
  /** DER. */
  readonly certificate: Uint8Array;
  /** DER: by which an earlier root vouches for it; null for the genesis root. */
  readonly cross: Uint8Array | null;
  readonly serial: SerialNumber;
  /** SHA-256 of its DER. */
  readonly sha256: Uint8Array;
  /** SHA-256 of its DER SubjectPublicKeyInfo. */
  readonly spkiSha256: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** Whether this process has its key. */
  readonly isHere: boolean;
  /** Generations of the issuing CAs that it has certified. */
  readonly issuing: readonly number[];
  readonly crlNumber: number;
  readonly crlNextUpdate: UnixMs;
}

/** A root, and what it needs to be pinned. DER. */
export interface MadeRoot {
  /** Self-signed. */
  readonly certificate: Uint8Array;
  /** For the same name and key, by a root of this domain. */
  readonly cross: Uint8Array;
  /** Its own. */
  readonly rootCrl: Uint8Array;
}

/** The key of a root that is to be made here, or a root that was made elsewhere. */
export type PrepareRootRequest = { readonly key: Signer } | MadeRoot;

/**
 * One issuing CA after another. Each has a name and a key of its own; all that have not ended sign CRLs, of one
 * sequence of numbers.
 */
export interface Rollover {
  /** By generation. */
  list(now: UnixMs): Promise<Result<readonly IssuingFacts[], Fault>>;
  /**
   * Has the root certify a key as the next issuing CA, and publishes its first CRL. A key that is one of an issuing CA
   * already changes nothing but that this process has it from now on.
   *
   * Errors: LS_ROLLOVER_PENDING while another is prepared, LS_ROLLOVER_ROOT_ABSENT, LS_ROLLOVER_LIMIT; those of a
   * ceremony's import for a certificate that nobody would accept.
   */
  prepare(request: PrepareRequest, now: UnixMs): Promise<Result<IssuingFacts, Fault>>;
  /**
   * The prepared one issues and signs rosters from now on; nodes are asked to renew below it within `renewWithinMs`.
   * Who has adopted it is the caller's to judge. Idempotent. Errors: LS_ROLLOVER_NOT_PREPARED.
   */
  activate(generation: number, now: UnixMs, renewWithinMs: number): Promise<Result<IssuingFacts, Fault>>;
  /** LS_ROLLOVER_NOT_EMPTY while something below it is unexpired and not revoked; LS_ROLLOVER_STATE. Idempotent. */
  retire(generation: number, now: UnixMs): Promise<Result<IssuingFacts, Fault>>;
  /**
   * The root revokes this generation (cACompromise), for ever. Errors: LS_ROLLOVER_ROOT_ABSENT without the root's key;
   * LS_ROLLOVER_STATE for the active one, or one that was retired.
   */
  revokeIssuing(generation: number, now: UnixMs): Promise<Result<RootCrlFacts, Fault>>;
  /** By generation. */
  roots(): Promise<Result<readonly RootFacts[], Fault>>;
  /**
   * Pins one more root beside those there are: it certifies the issuing CAs that are prepared from now on. domainId
   * stays. A key that is a root's already changes nothing but that this process has it from now on.
   *
   * Errors: LS_ROLLOVER_PENDING while the newest root has certified nothing, LS_ROLLOVER_ROOT_ABSENT, LS_ROLLOVER_LIMIT;
   * LS_TRUST_NEW_ROOT, LS_CEREMONY_*, LS_X509_LINT, LS_CRL_* for one that nobody would pin.
   */
  prepareRoot(request: PrepareRootRequest, now: UnixMs): Promise<Result<RootFacts, Fault>>;
}
