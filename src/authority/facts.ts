import type { DomainId, NodeId, NodeName, SerialNumber, UnixMs } from '../std/index.ts';
import type { CrlReason } from '../x509/index.ts';

/** Where an identity stands. `enrolled` and `active` are live; the other two are final. */
export type NodeState = 'enrolled' | 'active' | 'revoked' | 'removed';

/** Whom a certificate is for: a mesh member, a person or script that administers the CA, the CA's own TLS server or OCSP responder. */
export type CertificateRole = 'node' | 'operator' | 'server' | 'ocsp';

/** Reasons for which `revoke` can be asked; `certificateHold` can be released. The others of RFC 5280 §5.3.1 are about CAs. */
export type RevocationReason = Extract<
  CrlReason,
  | 'unspecified'
  | 'keyCompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'privilegeWithdrawn'
  | 'certificateHold'
>;

/** What the CA knows of a token. The secret is not among it. */
export interface TokenFacts {
  /** 16 bytes as 32 hex digits. */
  readonly tokenId: string;
  readonly name: NodeName;
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly replace: boolean;
  readonly approval: boolean;
  readonly est: boolean;
  readonly createdAt: UnixMs;
  readonly expiresAt: UnixMs;
  readonly status: 'outstanding' | 'spent' | 'expired' | 'voided';
  readonly spentAt: UnixMs | null;
}

/** An enrollment that an operator has to approve. */
export interface RequestFacts {
  /** That of its token. */
  readonly requestId: string;
  readonly name: NodeName;
  /** What the token grants beside the name. */
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly replace: boolean;
  /** SHA-256 of the SubjectPublicKeyInfo that asks: to be compared with what the node shows. */
  readonly keySha256: Uint8Array;
  readonly requestedAt: UnixMs;
  readonly expiresAt: UnixMs;
  /** `enrolled`: approved, and the node has its certificate. */
  readonly status: 'pending' | 'approved' | 'denied' | 'enrolled' | 'expired';
  readonly decidedAt: UnixMs | null;
  readonly decidedBy: string | null;
  readonly reason: string | null;
}

/** `good` is RFC 6960's: issued, in its dates and not revoked. `pending` was recorded and never handed out. */
export type CertificateStatus = 'good' | 'revoked' | 'expired' | 'pending';

export interface CertificateFacts {
  readonly name: string;
  /** Null for all but nodes. */
  readonly nodeId: NodeId | null;
  readonly role: CertificateRole;
  readonly serial: SerialNumber;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** Generation of the issuing CA. */
  readonly issuer: number;
  readonly status: CertificateStatus;
  readonly reason?: CrlReason;
  readonly revokedAt?: UnixMs;
  /** DER; null while `pending`. */
  readonly der: Uint8Array | null;
}

/** One identity with all its certificates, newest first. */
export interface NodeFacts {
  readonly name: NodeName;
  readonly nodeId: NodeId;
  readonly state: NodeState;
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly address: string | null;
  readonly enrolledAt: UnixMs;
  readonly activatedAt: UnixMs | null;
  readonly endedAt: UnixMs | null;
  readonly reason: CrlReason | null;
  readonly certificates: readonly CertificateFacts[];
}

/** What a revocation did. Asking again gives the same facts, whatever reason is named then. */
export interface RevocationFacts {
  readonly name: string;
  readonly nodeId: NodeId | null;
  readonly serials: readonly SerialNumber[];
  readonly reason: CrlReason;
  readonly revokedAt: UnixMs;
  /** The first CRL that lists it. */
  readonly crlNumber: number;
  /** The roster that shows it; null for a hold and for a single serial, which leave the identity alone. */
  readonly rosterNumber: number | null;
  /** True when this call did it, false when it had been done before. */
  readonly fresh: boolean;
}

/** What a release did. */
export interface ReleaseFacts {
  readonly name: string;
  /** Null for a certificate that is no node's. */
  readonly nodeId: NodeId | null;
  readonly serials: readonly SerialNumber[];
  readonly releasedAt: UnixMs;
  /** The first CRL that no longer lists them. */
  readonly crlNumber: number;
}

export interface RemovalFacts {
  readonly name: NodeName;
  readonly nodeId: NodeId;
  readonly removedAt: UnixMs;
  readonly rosterNumber: number;
  readonly fresh: boolean;
}

export interface IssuedCertificate {
  readonly serial: SerialNumber;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** DER: the certificate, then the issuing CA's. */
  readonly chain: readonly Uint8Array[];
}

/** Where a member was last reachable. A hint: a node's own signed address always beats it. */
export interface Seed {
  readonly nodeId: NodeId;
  readonly name: NodeName;
  /** `HOST:PORT`. */
  readonly address: string;
}

/** Everything a new node needs to take part. */
export interface Enrollment extends IssuedCertificate, TrustFacts {
  readonly name: NodeName;
  readonly nodeId: NodeId;
  /** DER: later roots, certified by earlier ones. */
  readonly crossCertificates: readonly Uint8Array[];
  /** DER of every issuing CA that has not ended, the active one first. */
  readonly issuing: readonly Uint8Array[];
  /** DER: the full CRL of each of these, its delta when there is one; last the roots' CRLs. */
  readonly crls: readonly Uint8Array[];
  /** COSE_Sign1. */
  readonly roster: Uint8Array;
  readonly seeds: readonly Seed[];
}

/** What a relying party pins. */
export interface TrustFacts {
  readonly trustDomain: string;
  readonly domainId: DomainId;
  /** DER, the genesis root first. */
  readonly roots: readonly Uint8Array[];
}

/** The CAs that lead from a root to a node now. */
export interface Authorities {
  /** DER, the genesis root first. */
  readonly roots: readonly Uint8Array[];
  /** DER: later roots, certified by earlier ones. */
  readonly crossCertificates: readonly Uint8Array[];
  /** DER of every issuing CA that has not ended, the active one first. */
  readonly issuing: readonly Uint8Array[];
  /** SHA-256 of the DER of the active one; null when the root has revoked it. */
  readonly active: Uint8Array | null;
  /** Nodes with a certificate below another one are asked to renew within this time; null: when their time comes. */
  readonly renewWithinMs: number | null;
}

/** How a restored CA went on. */
export interface AcceptedLoss {
  /** The newest numbers of the backup. */
  readonly formerCrlNumber: number;
  readonly formerRosterNumber: number;
  /** Those it goes on with. */
  readonly crlNumber: number;
  readonly rosterNumber: number;
  /** Revocations that the backup did not have. */
  readonly mergedSerials: readonly SerialNumber[];
  /** Names of identities that are revoked now and were not in the backup. */
  readonly endedNames: readonly string[];
  /** Outstanding tokens that were forgotten. */
  readonly droppedTokens: number;
}

/** What a CRL of a root changed. */
export interface RootCrlFacts {
  readonly number: number;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs;
  /** CAs that the root has revoked. */
  readonly revoked: number;
  /** False when the CA had this very CRL already. */
  readonly isNews: boolean;
  /** The active issuing CA of this authority is among the revoked. */
  readonly endsIssuing: boolean;
}

/** What one issuing CA revokes. */
export interface IssuingCrls {
  readonly generation: number;
  readonly full: Uint8Array;
  /** Everything revoked since `full`; null when no CA has revoked anything since. */
  readonly delta: Uint8Array | null;
}

export interface CurrentCrls {
  /** Of every issuing CA that has not ended, the active one first; of the last one where all have. Never empty. */
  readonly issuing: readonly IssuingCrls[];
  /** Of all full ones. */
  readonly fullNumber: number;
  /** Number of the newest of the two: what a relying party that holds both enforces. */
  readonly number: number;
  /** When the first of the two lapses. */
  readonly nextUpdate: UnixMs;
  /** Of every root, by generation. */
  readonly roots: readonly RootCrlPublication[];
  /** When the first of them lapses. */
  readonly rootNextUpdate: UnixMs;
}

export interface CurrentRoster {
  readonly number: number;
  /** COSE_Sign1. */
  readonly record: Uint8Array;
  /** Observers needed to declare a member down, and active members. */
  readonly h: number;
  readonly active: number;
}

/** What one committed transaction made public, and whose links it ends. Sent after the commit, in commit order. */
export interface Publication {
  /** What changed of the CAs themselves. Comes before the CRLs of new ones. */
  readonly authorities?: Authorities;
  readonly crl?: CrlPublication;
  /** Newer CRLs of roots, for the status of the issuing CAs. */
  readonly rootCrls?: readonly RootCrlPublication[];
  readonly roster?: { readonly record: Uint8Array; readonly number: number };
  /** The addresses that are handed out changed. */
  readonly seeds?: readonly Seed[];
  /** Identities that were revoked or removed. */
  readonly endedNodes?: readonly NodeId[];
  /** Certificates whose status changed: whoever keeps answers about them drops those at once. */
  readonly revokedSerials?: readonly SerialNumber[];
}

/** The CRL of one root. */
export interface RootCrlPublication {
  readonly generation: number;
  readonly number: number;
  readonly der: Uint8Array;
}

/** CRLs of one number. */
export interface CrlPublication {
  readonly number: number;
  readonly delta: boolean;
  /** DER: one CRL of each issuing CA that has not ended, by generation. */
  readonly lists: readonly Uint8Array[];
}
