import type { Fault, NodeId, Result, SerialNumber, UnixMs } from '../std/index.ts';
import type { CrlReason } from '../x509/index.ts';
import type {
  AddressRow,
  BelowIssuer,
  CertificateQuery,
  CertificateRow,
  CrlHead,
  CrlKey,
  CrlRow,
  Genesis,
  IssuerRow,
  LedgerRow,
  NodeRow,
  ReleaseRow,
  RequestDecision,
  RequestRow,
  RevocationRow,
  RootRow,
  RosterHead,
  RosterNode,
  RosterRow,
  TokenRow,
} from './rows.ts';

/**
 * Where the authority keeps its state. Two adapters fit behind it: an embedded database, where one process owns
 * the file and every step is immediate, and a database server shared by several replicas, where every step is a
 * round trip. So steps are promises, and `work` may be run again from the start when the database had to undo it
 * (a lock or serialization conflict): it must touch nothing but `tx`.
 *
 * Transactions are serializable: each sees all that committed before it, and none that has not. Within one store
 * object those that write run one after the other, and their promises settle in commit order; a read may run beside
 * them. A transaction in `work` waits for itself: never start one there.
 *
 * Faults of the store itself (LS_CA_STORE_*) come back as results. Anything else that `work` throws is rethrown
 * after the rollback.
 */
export interface AuthorityStore {
  /** Commits and syncs to disk when `work` answers ok; undoes everything when it answers a fault or throws. */
  transaction<T>(work: (tx: StoreTransaction) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>>;
  /** A consistent view without the right to write. */
  read<T>(work: (tx: StoreReader) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>>;
  /** Waits for what runs. Later calls answer LS_CA_STORE_CLOSED. */
  close(): Promise<void>;
  /** Where several processes may write to the store at once. */
  readonly exchange?: StoreExchange;
}

/** How the processes over one store hear of each other. */
export interface StoreExchange {
  /** Calls the listener until the function that is returned is called. */
  follow(listener: StoreListener): () => void;
  /**
   * Says a word to the listeners of the other processes: printable ASCII without blanks, at most MAX_WORD_LENGTH.
   * It may be lost.
   */
  tell(word: string): void;
}

export interface StoreListener {
  /**
   * Another process has committed something, or may have (`isCertain` is false): at the latest FOLLOW_EVERY_MS after it
   * did, as long as the store answers.
   */
  changed(isCertain: boolean): void;
  /** What another process said. Whoever can write to the store can say it. */
  told(word: string): void;
}

export interface StoreReader {
  /** Null before `initialise`. */
  genesis(): Promise<Genesis | null>;
  /** By generation. */
  roots(): Promise<readonly RootRow[]>;
  /** By generation. */
  issuers(): Promise<readonly IssuerRow[]>;
  belowIssuer(generation: number, now: UnixMs): Promise<BelowIssuer>;
  /** When this store was restored from a backup, until somebody has accepted what that may have lost; else null. */
  readOnlySince(): Promise<UnixMs | null>;

  token(tokenId: string): Promise<TokenRow | null>;
  /** Newest first. */
  tokens(): Promise<readonly TokenRow[]>;
  /** Neither spent nor voided nor expired at `now`. */
  countOutstandingTokens(now: UnixMs): Promise<number>;

  /** The enrollment that waits, or has waited, for an approval with this token. */
  request(tokenId: string): Promise<RequestRow | null>;
  /** Oldest first. */
  requests(): Promise<readonly RequestRow[]>;
  /** Neither decided nor expired at `now`. */
  countPendingRequests(now: UnixMs): Promise<number>;

  node(nodeId: NodeId): Promise<NodeRow | null>;
  /** The identity `enrolled` or `active` under this name, else the one created last. */
  nodeByName(name: string): Promise<NodeRow | null>;
  /** Live identities, and ended ones with a certificate whose notAfter is at or after `now`; sorted by nodeId. */
  rosterNodes(now: UnixMs): Promise<readonly RosterNode[]>;
  countRosterNodes(now: UnixMs): Promise<number>;

  certificate(serial: SerialNumber): Promise<CertificateRow | null>;
  /** The node certificate of this key, newest first when there are several. */
  certificateByKey(spkiSha256: Uint8Array): Promise<CertificateRow | null>;
  /** The one issued last to the identity. */
  newestCertificate(nodeId: NodeId): Promise<CertificateRow | null>;
  /** By name, then newest first. */
  certificates(query: CertificateQuery): Promise<readonly CertificateRow[]>;
  countUnexpiredCertificates(nodeId: NodeId, now: UnixMs): Promise<number>;

  /** Entries revoked at or after `since`, in order of crlNumber and serial. */
  revocationsFrom(since: UnixMs): Promise<readonly RevocationRow[]>;
  /** Entries first listed after CRL number `base`, in order of crlNumber and serial. */
  revocationsAfterCrl(base: number): Promise<readonly RevocationRow[]>;

  /** Releases of holds that began at or after `since`, in order of crlNumber, serial and heldAt. */
  releasesFrom(since: UnixMs): Promise<readonly ReleaseRow[]>;
  /** Releases first carried after CRL number `base`, in the same order. */
  releasesAfterCrl(base: number): Promise<readonly ReleaseRow[]>;
  /** When the newest released hold of the certificate began; null when none was released. */
  newestReleasedHold(serial: SerialNumber): Promise<UnixMs | null>;

  /** One of the issuing CAs' with the highest number, full or delta: that of the lowest generation. */
  newestCrl(): Promise<CrlHead | null>;
  newestFullCrl(): Promise<CrlHead | null>;
  newestRootCrl(generation: number): Promise<CrlHead | null>;
  /** DER; null when there is no such CRL or it was superseded. */
  crlBytes(crl: CrlKey): Promise<Uint8Array | null>;

  newestRoster(): Promise<RosterHead | null>;
  /** COSE_Sign1; null when there is no such roster or it was superseded. */
  rosterRecord(number: number): Promise<Uint8Array | null>;
  addresses(): Promise<readonly AddressRow[]>;

  /** At most `limit` rows with index ≥ `from`, in order. */
  ledger(from: number, limit: number): Promise<readonly LedgerRow[]>;
  ledgerSize(): Promise<number>;
}

export interface StoreTransaction extends StoreReader {
  /**
   * Undoes what `work` has done since, and only that, when it answers a fault. What it throws ends the transaction.
   * One at a time: never start one in `work`.
   */
  attempt<T>(work: () => Promise<Result<T, Fault>>): Promise<Result<T, Fault>>;

  /** Requires: none was inserted before. */
  insertGenesis(genesis: Genesis): Promise<void>;
  /** Requires: there is none of this generation. */
  insertRoot(root: RootRow): Promise<void>;
  insertIssuer(issuer: IssuerRow): Promise<void>;
  /** Requires: there is one of this generation. Its certificate and the date of its preparation stay. */
  updateIssuer(issuer: IssuerRow): Promise<void>;
  /** Null ends it. */
  setReadOnlySince(since: UnixMs | null): Promise<void>;

  insertToken(token: TokenRow): Promise<void>;
  /** False when there was none. Its request goes with it. */
  deleteToken(tokenId: string): Promise<boolean>;
  /** Spends an outstanding token; false when it is gone, spent or voided, however many try at once. */
  spendToken(
    tokenId: string,
    spent: { at: UnixMs; spkiSha256: Uint8Array; serial: SerialNumber },
  ): Promise<boolean>;
  /** Voids the unspent tokens of a name, with the state its identity ended in. */
  voidTokens(name: string, why: 'revoked' | 'removed'): Promise<void>;
  /** Forgets tokens that expired before `expiredBefore`, and their requests. */
  purgeTokens(expiredBefore: UnixMs): Promise<void>;

  /** Requires: its token is there and has no request. */
  insertRequest(request: RequestRow): Promise<void>;
  /** Takes the place of an earlier decision. */
  decideRequest(tokenId: string, decision: RequestDecision): Promise<void>;

  insertNode(node: NodeRow): Promise<void>;
  activateNode(nodeId: NodeId, at: UnixMs): Promise<void>;
  endNode(nodeId: NodeId, end: NodeEnd): Promise<void>;

  /** Records what is about to be signed (`der` is null). */
  insertCertificate(certificate: CertificateRow): Promise<void>;
  /** Keeps the signed certificate of a recorded intent. */
  completeCertificate(serial: SerialNumber, der: Uint8Array): Promise<void>;
  /** Remembers that the subject has used this certificate. The first time counts. */
  confirmCertificate(serial: SerialNumber, at: UnixMs): Promise<void>;

  /** Requires: there is none of this serial. */
  insertRevocation(revocation: RevocationRow): Promise<void>;
  /** Takes a hold back: because it is released, or because a revocation takes its place. */
  deleteRevocation(serial: SerialNumber): Promise<void>;
  insertRelease(release: ReleaseRow): Promise<void>;
  /** Keeps the DER of only the newest full CRL and the newest delta of each CA; digests of all. */
  insertCrl(crl: CrlRow): Promise<void>;
  /** Keeps the record of only the newest roster; the hash chain of all. */
  insertRoster(roster: RosterRow): Promise<void>;

  putAddress(address: AddressRow): Promise<void>;
  deleteAddress(nodeId: NodeId): Promise<void>;
  /** Appends ledger entry bodies and returns the index of the first. */
  appendLedger(bodies: readonly Uint8Array[]): Promise<number>;
}

export interface NodeEnd {
  readonly state: 'revoked' | 'removed';
  readonly at: UnixMs;
  readonly reason: CrlReason | null;
  /** Null for a removal. */
  readonly crlNumber: number | null;
  readonly rosterNumber: number;
}
