import type { CryptoPort, Random, Signer } from '../std/index.ts';
import type { TrustFacts } from './facts.ts';
import type { AuthorityProfiles } from './profiles.ts';
import type { AuthorityStore } from './store.ts';

export interface AuthorityConfig {
  /** `https://HOST:PORT` of this CA, most preferred first; every token names them. */
  readonly urls: readonly string[];
  /** Heartbeat interval bounds that the roster sets for the domain. */
  readonly intervalMinMs: number;
  readonly intervalMaxMs: number;
  /** Every enrollment waits for an operator's approval. Default: those whose token says so. */
  readonly requireApproval?: boolean;
}

export interface AuthorityKeys {
  /** Of every issuing CA that has not ended, in any order; further ones do no harm. */
  readonly issuing: readonly Signer[];
  /** Those of the roots that are at hand, in any order: to sign the roots' own CRLs and certify CAs. */
  readonly roots?: readonly Signer[];
}

export interface AuthorityDeps {
  readonly store: AuthorityStore;
  readonly keys: AuthorityKeys;
  readonly crypto: CryptoPort;
  readonly random: Random;
  /** Default: {@link shippedProfiles}. */
  readonly profiles?: AuthorityProfiles;
  readonly config: AuthorityConfig;
  /** Lets everybody else have their turn; enrollments that come meanwhile share a transaction. Default: no pause. */
  readonly pause?: () => Promise<void>;
}

export interface InitialiseRequest {
  /** A dotted, lower-case DNS name. */
  readonly trustDomain: string;
  /** DNS suffixes that the issuing CA may certify beside the trust domain itself. */
  readonly permittedDns: readonly string[];
  /** `http://HOST:PORT` under which the CRLs are served; none means no distribution points in certificates. */
  readonly crlUrl?: string;
  /** Raw Ed25519 public key that will sign the checkpoints of the ledger: its first entry says so. */
  readonly logKey?: Uint8Array;
}

export interface InitialisedAuthority extends TrustFacts {
  /** DER of the issuing CA's certificate. */
  readonly issuing: Uint8Array;
  /** SHA-256 of the root certificate's DER. */
  readonly rootSha256: Uint8Array;
}
