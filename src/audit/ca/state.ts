import {
  fault,
  LsError,
  type CryptoPort,
  type NodeId,
  type SerialNumber,
  type UnixMs,
} from '../../std/index.ts';
import type { RecordKey } from '../../heartbeat/index.ts';
import type { RosterMemberState } from '../../membership/index.ts';
import type { Role, TrustBundle } from '../../trust/index.ts';
import type { Findings, Place } from '../report.ts';
import type { Certificate } from '../../x509/index.ts';
import type { IssuerOfCa } from './issuer.ts';
import type { RootOfCa } from './root.ts';

/** Certificates, revocations, identities or tokens of one CA that an audit keeps in memory, each. */
export const MAX_CA_SUBJECTS = 1_000_000;

/** A certificate that the ledger says was issued, and that leads to the pinned root. */
export interface IssuedByCa {
  readonly place: Place;
  readonly role: Exclude<Role, 'issuer'>;
  readonly name: string;
  readonly nodeId: NodeId | null;
  /** SHA-256 of the DER. */
  readonly sha256: Uint8Array;
  readonly notAfter: UnixMs;
  /** Null for all but nodes. */
  readonly key: RecordKey | null;
  /** Of the issuing CA. */
  readonly generation: number;
  inStore: boolean;
}

export interface RevokedByCa {
  readonly place: Place;
  readonly name: string;
  readonly serial: SerialNumber;
  readonly reason: string;
  readonly revokedAt: UnixMs;
  /** Of the issuing CA whose CRL lists it. */
  readonly generation: number;
  /** Of the first CRL after it; undefined until there is one. */
  crlNumber: number | undefined;
  inStore: boolean;
}

export interface NodeOfCa {
  readonly place: Place;
  readonly name: string;
  /**
   * What the newest roster that lists it says; `dropped` once one leaves it out when it has no certificate any more:
   * it was ended then, and whether by a revocation has no entry.
   */
  state: RosterMemberState | 'dropped';
  activated: boolean;
  removed: boolean;
  readonly serials: SerialNumber[];
}

export interface RequestToCa {
  readonly place: Place;
  readonly name: string;
  /** SHA-256 of its SubjectPublicKeyInfo, as hex digits. */
  readonly key: string;
  /** Its token admits nobody without an approval. */
  readonly isGuarded: boolean;
  decision: { readonly verdict: string; readonly by: string; readonly reason: string } | undefined;
  isUsed: boolean;
}

/** What the entries of a CA's ledger have said so far. */
export class CaState {
  /** The roots that were pinned, and those that these have vouched for. */
  bundle: TrustBundle;
  readonly crypto: CryptoPort;
  readonly findings: Findings;
  /** By generation. */
  readonly issuers: IssuerOfCa[];
  /** The one that issues now, or was the last to. */
  active: IssuerOfCa;

  readonly certificates = new Map<SerialNumber, IssuedByCa>();
  readonly keys = new Map<string, RecordKey>();
  readonly revocations = new Map<SerialNumber, RevokedByCa>();
  readonly nodes = new Map<NodeId, NodeOfCa>();
  readonly tokens = new Map<string, string>();
  /** Tokens made for a name less enrollments under it. */
  readonly credit = new Map<string, number>();
  /** Those among them that admit without an approval. */
  readonly freeCredit = new Map<string, number>();
  /** Tokens that do not. */
  readonly guarded = new Set<string>();
  /** Enrollments that an operator decides on, by their token. */
  readonly requests = new Map<string, RequestToCa>();
  readonly requestsOfKey = new Map<string, readonly RequestToCa[]>();
  /** New keys that a successor statement names, by SHA-256, and whose they are. */
  readonly successors = new Map<string, NodeId>();

  /** Revocations that no CRL lists yet. */
  pending: RevokedByCa[] = [];
  /** Those that only deltas list. */
  sinceFull: RevokedByCa[] = [];
  /** Holds that ended since the newest full CRL, and the generation of their CA. */
  readonly releasedSinceFull = new Map<SerialNumber, number>();
  /** The number that the issuing CAs have come to, and those that have a CRL of that number. */
  crlRound: { number: number; readonly place: Place; readonly generations: Set<number> } | undefined;
  /** By generation. */
  readonly roots: RootOfCa[];
  /** Of the root that the next entry names. */
  crossCertificate: Certificate | undefined;
  /** What the entry before a CRL of an offline root says of it. */
  rootCrlSaid: { readonly number: number; readonly entries: number } | undefined;
  roster: { readonly number: number; readonly structureHash: Uint8Array; readonly place: Place } | undefined;
  /** SHA-256 of its complete bytes. */
  rosterSha256: Uint8Array | undefined;
  salt: Uint8Array | undefined;
  logKey: Uint8Array | undefined;
  signatures = 0;

  /** `issuer`, `root`: those that the CA began with. */
  constructor(
    parts: Pick<CaState, 'bundle' | 'crypto' | 'findings'> & {
      readonly issuer: IssuerOfCa;
      readonly root: RootOfCa;
    },
  ) {
    this.bundle = parts.bundle;
    this.crypto = parts.crypto;
    this.findings = parts.findings;
    this.roots = [parts.root];
    this.issuers = [parts.issuer];
    this.active = parts.issuer;
  }
}

/** A hold that was released, or became a revocation: no later CRL lists it as it was. */
export function forget(state: CaState, entry: RevokedByCa): void {
  state.revocations.delete(entry.serial);
  state.pending = state.pending.filter((each) => each !== entry);
  state.sinceFull = state.sinceFull.filter((each) => each !== entry);
}

/** Keeps the audit's memory bounded. Throws LS_AUDIT_LIMIT. */
export function keep<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (map.size >= MAX_CA_SUBJECTS && !map.has(key)) {
    throw new LsError(fault('LS_AUDIT_LIMIT', `more than ${String(MAX_CA_SUBJECTS)} of a kind in one CA`));
  }
  map.set(key, value);
}
