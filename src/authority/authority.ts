import type { DomainId, Fault, Result, UnixMs } from '../std/index.ts';
import type { RenewingNode, VerifiedPeer } from '../trust/index.ts';
import type { KeyEvent } from './key-events.ts';
import type { SettingNote } from './note-config.ts';
import type { Rollover } from './rollover/interface.ts';
import type { OcspResponder, ResponderOptions } from './ocsp/interface.ts';
import type {
  AcceptedLoss,
  Authorities,
  CertificateFacts,
  CurrentCrls,
  CurrentRoster,
  Enrollment,
  IssuedCertificate,
  NodeFacts,
  Publication,
  ReleaseFacts,
  RemovalFacts,
  RequestFacts,
  RevocationFacts,
  RevocationReason,
  RootCrlFacts,
  Seed,
  TokenFacts,
  TrustFacts,
} from './facts.ts';

export interface TokenRequest {
  readonly name: string;
  /** DNS names to certify beside the SPIFFE id, lower case, no wildcards. */
  readonly dns?: readonly string[];
  /** IPv4 or IPv6 addresses in text. */
  readonly ip?: readonly string[];
  /** Default DEFAULT_TOKEN_TTL_MS. */
  readonly ttlMs?: number;
  /** The enrollment may end the identity that holds the name now, or follow one that was revoked or removed. */
  readonly replace?: boolean;
  /** An operator has to approve the enrollment. Default: what AuthorityConfig says. */
  readonly approval?: boolean;
  /** A client of RFC 7030 may redeem it. Default: no, since its request is not bound to the token. */
  readonly est?: boolean;
}

/** `token` is shown once: the CA keeps only the hash of its secret. */
export interface CreatedToken {
  readonly token: string;
  readonly facts: TokenFacts;
}

export interface EnrollRequest {
  /** 16 bytes as 32 hex digits. */
  readonly tokenId: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** DER PKCS#10 whose subject CN is the name; see {@link tokenBinding} for its challengePassword. */
  readonly csr: Uint8Array;
  /** `HOST:PORT` to hand out as a seed. */
  readonly advertise?: string;
  /** It came by RFC 7030: without challengePassword, for tokens made for that. */
  readonly isEst?: boolean;
}

/** What an operator makes of an enrollment that waits. */
export interface RequestVerdict {
  readonly requestId: string;
  readonly verdict: 'approved' | 'denied';
  /** Who decides: `control-socket`, or `operator/NAME`. */
  readonly by: string;
  /** For the node that is told, and for the ledger. */
  readonly reason?: string;
}

export interface ReenrollRequest {
  /** DER PKCS#10 of the new key. Only the key of it counts: names stay as granted. */
  readonly csr: Uint8Array;
  /** Successor statement (COSE_Sign1) by the caller's present key, naming the new one. */
  readonly successor: Uint8Array;
}

export interface OperatorRequest {
  readonly name: string;
  readonly csr: Uint8Array;
}

export interface ServerRequest {
  /** DNS names and IP addresses of the CA's URLs; the first becomes the CN. */
  readonly hosts: readonly string[];
  /** DER SubjectPublicKeyInfo of a key that this process holds. */
  readonly spki: Uint8Array;
}

export interface CertificateFilter {
  readonly name?: string;
  /** Only good certificates that expire within this time. */
  readonly expiringMs?: number;
}

export interface RevokeRequest {
  readonly name: string;
  /** Revoke this one certificate of the name and leave the identity alone. */
  readonly onlySerial?: string;
  /** Default `unspecified`. */
  readonly reason?: RevocationReason;
}

export interface AcceptLossRequest {
  /** DER CRLs of this CA, full or delta, from wherever newer ones than the backup's are found. At most MAX_MERGED_CRLS. */
  readonly crls: readonly Uint8Array[];
}

/**
 * The certificate authority of one trust domain. Every refusal is a Fault; what a method has answered is durable.
 * The promises never reject for expected failures of the store either: those come back as LS_CA_STORE_* faults.
 *
 * `now` is the wall clock; the authority never goes back behind the newest thisUpdate it has signed.
 */
export interface Authority {
  readonly trustDomain: string;
  readonly domainId: DomainId;
  readonly rollover: Rollover;

  createToken(request: TokenRequest, now: UnixMs): Promise<Result<CreatedToken, Fault>>;
  /** Newest first; spent and expired ones stay listed for TOKEN_AFTERLIFE_MS. */
  listTokens(now: UnixMs): Promise<Result<readonly TokenFacts[], Fault>>;
  /** LS_TOKEN_UNKNOWN when there is none. */
  deleteToken(tokenId: string, now: UnixMs): Promise<Result<TokenFacts, Fault>>;

  /**
   * Redeems a token for a new identity. The same token and key again get the same certificate, until the token expires.
   * LS_ENROLL_PENDING while an operator has to approve it: asking again with the same key takes it up.
   */
  enroll(request: EnrollRequest, now: UnixMs): Promise<Result<Enrollment, Fault>>;
  /** Enrollments that need an approval: those that wait, and with `all` those that are over too; oldest first. */
  listRequests(all: boolean, now: UnixMs): Promise<Result<readonly RequestFacts[], Fault>>;
  /** The same verdict again changes nothing. An approval can still be denied until the node has its certificate. */
  decideRequest(verdict: RequestVerdict, now: UnixMs): Promise<Result<RequestFacts, Fault>>;

  /** Renews with a new key. The same new key again gets the same certificate. */
  reenroll(
    peer: RenewingNode,
    request: ReenrollRequest,
    now: UnixMs,
  ): Promise<Result<IssuedCertificate, Fault>>;
  /** Renews by RFC 7030, which can carry no successor statement: for the key that is in use, and no other. */
  reenrollSameKey(
    peer: VerifiedPeer,
    csr: Uint8Array,
    now: UnixMs,
  ): Promise<Result<IssuedCertificate, Fault>>;
  /** The first call makes the member `active`. A null address leaves the kept one. */
  activate(
    peer: Pick<VerifiedPeer, 'nodeId' | 'serial'>,
    address: string | null,
    now: UnixMs,
  ): Promise<Result<{ readonly rosterNumber: number }, Fault>>;
  issueOperator(request: OperatorRequest, now: UnixMs): Promise<Result<IssuedCertificate, Fault>>;
  issueServer(request: ServerRequest, now: UnixMs): Promise<Result<IssuedCertificate, Fault>>;

  /** By name, then newest first. */
  list(filter: CertificateFilter, now: UnixMs): Promise<Result<readonly CertificateFacts[], Fault>>;
  /** The live identity of a name (else its last one), or the identity that a serial belongs to. */
  show(nameOrSerial: string, now: UnixMs): Promise<Result<NodeFacts, Fault>>;

  /** One transaction: rows, CRL number, delta CRL, roster, ledger. Idempotent. */
  revoke(request: RevokeRequest, now: UnixMs): Promise<Result<RevocationFacts, Fault>>;
  /**
   * Ends the hold of every certificate of the name that is on hold: rows, signed releases, delta CRL, ledger, in one
   * transaction. LS_CA_NOT_HELD when there is none.
   */
  release(name: string, now: UnixMs): Promise<Result<ReleaseFacts, Fault>>;
  /** Ends the identity without revoking its certificates. Idempotent. */
  remove(name: string, now: UnixMs): Promise<Result<RemovalFacts, Fault>>;
  /**
   * Has the ledger say that this raw Ed25519 key signs its checkpoints, unless it says so already; answers the index
   * of that entry.
   */
  bindLogKey(logKey: Uint8Array, now: UnixMs): Promise<Result<number, Fault>>;

  /**
   * Writes what happens to keys into the ledger, and has it happen (`act`) just before that is committed: what fails is
   * not recorded, and what was done by a process that died in between is recorded by doing it again.
   */
  recordKeys(
    events: readonly KeyEvent[],
    act: () => Promise<void>,
    now: UnixMs,
  ): Promise<Result<void, Fault>>;

  /** Signs a full CRL, and the root's again when its key is here and its CRL is past half its time. */
  publishFull(now: UnixMs): Promise<Result<CurrentCrls, Fault>>;
  /**
   * Takes a newer CRL that the offline root has signed, also one that revokes this very CA. LS_CRL_STALE for an older
   * one, LS_CRL_OMITS_ENTRY for one that takes a revocation back.
   */
  importRootCrl(der: Uint8Array, now: UnixMs): Promise<Result<RootCrlFacts, Fault>>;

  /** Has the ledger say that a setting changes. LS_CA_REQUEST; LS_SAN_* for URLs that this CA can't certify for itself. */
  noteConfig(setting: SettingNote, now: UnixMs): Promise<Result<void, Fault>>;
  /** Has the ledger say that the key of this certificate was put into a file. LS_CA_UNKNOWN_SUBJECT. */
  noteExport(serial: string, now: UnixMs): Promise<Result<{ readonly name: string }, Fault>>;

  /** When the store was restored from a backup, as long as it is read-only: every change answers LS_CA_READ_ONLY. */
  readOnlySince(): Promise<Result<UnixMs | null, Fault>>;
  /**
   * Ends the read-only time of a restored CA: takes over what `crls` revoke, forgets tokens that may be spent, and
   * signs CRL and roster with numbers that none published since the backup can have. Later again, for CRLs that turn
   * up then; LS_CA_NOT_RESTORED without any.
   */
  acceptLoss(request: AcceptLossRequest, now: UnixMs): Promise<Result<AcceptedLoss, Fault>>;

  currentCrls(): Promise<Result<CurrentCrls, Fault>>;
  currentRoster(): Promise<Result<CurrentRoster, Fault>>;
  /** As this process knows them: what another one over the same store has changed comes by `catchUp`. */
  bundle(): TrustFacts & Authorities;
  /** Live members with a known address. */
  seeds(): Promise<Result<readonly Seed[], Fault>>;

  /** Starts to answer OCSP for every issuing CA: has each certify a key of its own first. */
  openResponder(options: ResponderOptions, now: UnixMs): Promise<Result<OcspResponder, Fault>>;

  /**
   * Has the listeners hear what other processes over the same store have published since; with `addresses` also those.
   * Errors: LS_CA_STORE_*.
   */
  catchUp(addresses: boolean): Promise<Result<void, Fault>>;
  /** Returns the function that ends the subscription. Throws beyond MAX_PUBLICATION_LISTENERS (a leak). */
  onPublication(listener: (publication: Publication) => void): () => void;
}
