import type { NodeId, NodeName, SerialNumber, UnixMs } from '../std/index.ts';
import type { CrlReason } from '../x509/index.ts';
import type { CertificateRole, NodeState } from './facts.ts';

/** What `initialise` fixes for the life of the trust domain. */
export interface Genesis {
  readonly trustDomain: string;
  /** DER; genesis root. */
  readonly root: Uint8Array;
  /** DER; the first issuing CA. */
  readonly issuing: Uint8Array;
  /** 16 bytes. */
  readonly rosterSalt: Uint8Array;
  /** Base of the CRL distribution points, or null for none. */
  readonly crlUrl: string | null;
  readonly createdAt: UnixMs;
}

/** A root of the domain. */
export interface RootRow {
  /** 1 is the genesis root; each has a name and a key of its own. */
  readonly generation: number;
  /** DER, self-signed. */
  readonly certificate: Uint8Array;
  /** DER, for the same name and key, by an earlier root; null for the genesis root alone. */
  readonly cross: Uint8Array | null;
  readonly preparedAt: UnixMs;
}

/**
 * Where an issuing CA stands. `prepared`: certified, it signs CRLs. `active`: it issues, and signs rosters; one at a time.
 * `retiring`: it issues nothing more. `retired`, `revoked`: it signs nothing any more.
 */
export type IssuingState = 'prepared' | 'active' | 'retiring' | 'retired' | 'revoked';

/** An issuing CA of the domain. */
export interface IssuerRow {
  /** 1, 2, …; each with a name and a key of its own. */
  readonly generation: number;
  readonly state: IssuingState;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly preparedAt: UnixMs;
  readonly activatedAt: UnixMs | null;
  /** Set once the state is `retired` or `revoked`. */
  readonly endedAt: UnixMs | null;
  /** The first publication that brought a CRL of it. */
  readonly firstCrlNumber: number;
  /** Within what time nodes are asked to renew below it, from when they hear of it; null: when their time comes. */
  readonly renewWithinMs: number | null;
}

/** What is unexpired below an issuing CA, beside what the CA has issued to itself: intents count like certificates. */
export interface BelowIssuer {
  /** Those that are not revoked; a hold can end. */
  readonly live: number;
  /** The latest notAfter among all, revoked ones too; null for none. */
  readonly lastNotAfter: UnixMs | null;
}

export interface TokenRow {
  /** 16 bytes as 32 hex digits. */
  readonly tokenId: string;
  readonly secretSha256: Uint8Array;
  readonly name: NodeName;
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly replace: boolean;
  /** An operator has to approve the enrollment, whatever ca.yaml says by then. */
  readonly approval: boolean;
  /** A client of RFC 7030, which can't bind its request to the token, may use it. */
  readonly est: boolean;
  readonly createdAt: UnixMs;
  readonly expiresAt: UnixMs;
  /** The name's identity ended while the token was outstanding. */
  readonly voided: 'revoked' | 'removed' | null;
  readonly spent: {
    readonly at: UnixMs;
    readonly spkiSha256: Uint8Array;
    readonly serial: SerialNumber;
  } | null;
}

/** An enrollment that needs an operator's approval. A token has one at most, which binds it to that key. */
export interface RequestRow {
  /** Of the token it was made with; also names the request. */
  readonly tokenId: string;
  readonly name: NodeName;
  readonly spkiSha256: Uint8Array;
  readonly requestedAt: UnixMs;
  readonly expiresAt: UnixMs;
  readonly decision: RequestDecision | null;
}

export interface RequestDecision {
  readonly verdict: 'approved' | 'denied';
  readonly at: UnixMs;
  /** `control-socket`, or `operator/NAME`. */
  readonly by: string;
  /** For the node that asked; null when none was given. */
  readonly reason: string | null;
}

export interface NodeRow {
  readonly nodeId: NodeId;
  readonly name: NodeName;
  readonly state: NodeState;
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly enrolledAt: UnixMs;
  readonly activatedAt: UnixMs | null;
  /** Set once the state is `revoked` or `removed`. */
  readonly endedAt: UnixMs | null;
  readonly reason: CrlReason | null;
  readonly endCrlNumber: number | null;
  readonly endRosterNumber: number | null;
}

/** What a roster says of a node. */
export type RosterNode = Pick<NodeRow, 'nodeId' | 'name' | 'state'>;

export interface CertificateRow {
  readonly serial: SerialNumber;
  readonly role: CertificateRole;
  readonly name: string;
  readonly nodeId: NodeId | null;
  readonly spkiSha256: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly issuedAt: UnixMs;
  /** Generation of the issuing CA. */
  readonly issuer: number;
  /** DER TBSCertificate as linted: what is signed, now or when an interrupted issuance is taken up again. */
  readonly tbs: Uint8Array;
  /** DER; null between the intent and the signature. */
  readonly der: Uint8Array | null;
  /** The certificate that this one renews. */
  readonly predecessor: SerialNumber | null;
  /** When the subject first used it. */
  readonly confirmedAt: UnixMs | null;
  readonly revocation: RevocationRow | null;
}

export interface RevocationRow {
  readonly serial: SerialNumber;
  readonly reason: CrlReason;
  readonly revokedAt: UnixMs;
  /** The first CRL that lists it. */
  readonly crlNumber: number;
  /** Generation of the issuing CA whose CRLs list it. */
  readonly issuer: number;
}

/** A hold that was released: a CRL carries its record for as long as a relying party may still know of the hold. */
export interface ReleaseRow {
  readonly serial: SerialNumber;
  readonly heldAt: UnixMs;
  /** The first CRL that no longer listed it. */
  readonly crlNumber: number;
  /** Generation of the issuing CA that signed it, and whose CRLs carry it. */
  readonly issuer: number;
  /** COSE_Sign1. */
  readonly record: Uint8Array;
}

/** All issuing CAs of the domain share one sequence of numbers: a publication is one CRL of each. Each root has its own. */
export type CrlIssuer = 'issuing' | 'root';

/** Names one CRL. */
export interface CrlKey {
  readonly issuer: CrlIssuer;
  /** Of the issuing CA, or of the root. */
  readonly generation: number;
  readonly number: number;
}

/** A CRL without its bytes, which can be large. */
export interface CrlHead extends CrlKey {
  /** BaseCRLNumber of a delta, null for a full CRL. */
  readonly base: number | null;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs;
  /** SHA-256 of the DER. */
  readonly sha256: Uint8Array;
}

export interface CrlRow extends CrlHead {
  readonly der: Uint8Array;
}

export interface RosterHead {
  readonly number: number;
  /** SHA-256 of the Sig_structure; the next roster's `prev`. */
  readonly structureHash: Uint8Array;
  readonly tMs: UnixMs;
  readonly h: number;
  readonly active: number;
}

export interface RosterRow extends RosterHead {
  /** COSE_Sign1. */
  readonly record: Uint8Array;
}

export interface AddressRow {
  readonly nodeId: NodeId;
  readonly name: NodeName;
  /** `HOST:PORT`. */
  readonly address: string;
  readonly updatedAt: UnixMs;
}

export interface LedgerRow {
  readonly index: number;
  readonly body: Uint8Array;
}

/** All fields given must hold. */
export interface CertificateQuery {
  readonly name?: string;
  readonly nodeId?: NodeId;
  /** notAfter is at or after this moment. */
  readonly notAfterFrom?: UnixMs;
  /** notAfter is at or before this moment. */
  readonly notAfterTo?: UnixMs;
}
