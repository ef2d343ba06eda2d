import { parseNodeName } from '../../std/index.ts';
import type {
  CertId,
  CryptoPort,
  DomainId,
  Fault,
  NodeId,
  NodeName,
  Result,
  Signer,
  UnixMs,
} from '../../std/index.ts';
import {
  bytesShape,
  choiceShape,
  listShape,
  mappedShape,
  textShape,
  tupleShape,
  uintShape,
} from '../../codec/index.ts';
import type { CborMap } from '../../codec/index.ts';
import {
  certIdField,
  defineRecord,
  extField,
  hashField,
  MAX_INTERVAL_MS,
  MAX_ROSTER_NUMBER,
  MIN_INTERVAL_MS,
  nodeIdField,
  signRecord,
  timeField,
  verifyRecord,
} from '../../heartbeat/index.ts';
import type { SignedRecord, SigningKey, Unverified, Verified } from '../../heartbeat/index.ts';
import {
  MAX_NAME_BYTES,
  MAX_OBSERVERS,
  MAX_ROSTER_BYTES,
  MAX_ROSTER_ITEMS,
  MAX_ROSTER_MEMBERS,
  SALT_BYTES,
} from './bounds.ts';

export type RosterMemberState = 'enrolled' | 'active' | 'revoked' | 'removed';

/** The CA's numbered, hash-chained list of members. */
export interface Roster {
  /** Of the issuing CA's certificate. */
  readonly certId: CertId;
  /** From 1, one more for every change. */
  readonly number: number;
  /** structureHash of the roster before it, 32 bytes; zeros for number 1. */
  readonly prev: Uint8Array;
  readonly tMs: UnixMs;
  /** Fixed for the domain, 16 bytes: shuffles the rings. */
  readonly salt: Uint8Array;
  /** K: observers per member. */
  readonly k: number;
  /** H: distinct accusers that make a member down; at most K. */
  readonly h: number;
  readonly intervalMinMs: number;
  readonly intervalMaxMs: number;
  /** At most 10,000, by ascending nodeId, each once. */
  readonly members: readonly RosterMember[];
  readonly ext: CborMap;
}

export interface RosterMember {
  readonly nodeId: NodeId;
  readonly name: NodeName;
  readonly state: RosterMemberState;
}

/** A roster verified with the issuing CA's key. */
export type VerifiedRoster = Verified<Roster, SigningKey>;

const memberField = tupleShape<RosterMember>({
  nodeId: nodeIdField,
  name: mappedShape<string, NodeName>(
    textShape(MAX_NAME_BYTES),
    parseNodeName,
    (name) => name,
    'a node name',
  ),
  state: choiceShape<RosterMemberState>({ enrolled: 0, active: 1, revoked: 2, removed: 3 }),
});

const intervalField = uintShape(MAX_INTERVAL_MS, MIN_INTERVAL_MS);

export const rosterFormat = defineRecord<Roster>({
  type: 'roster',
  maxBytes: MAX_ROSTER_BYTES,
  maxItems: MAX_ROSTER_ITEMS,
  fields: {
    certId: certIdField,
    number: uintShape(MAX_ROSTER_NUMBER, 1),
    prev: hashField,
    tMs: timeField,
    salt: bytesShape(SALT_BYTES),
    k: uintShape(MAX_OBSERVERS, 1),
    h: uintShape(MAX_OBSERVERS, 1),
    intervalMinMs: intervalField,
    intervalMaxMs: intervalField,
    members: listShape(memberField, 0, MAX_ROSTER_MEMBERS),
    ext: extField,
  },
  check: rosterRule,
});

/** Errors: as RecordFormat.decode. */
export function decodeRoster(bytes: Uint8Array): Result<Unverified<Roster>, Fault> {
  return rosterFormat.decode(bytes);
}

/** Requires: `signer` holds the issuing CA's key. Requires and errors besides: as signRecord. */
export function signRoster(
  body: Roster,
  signer: Signer,
  domainId: DomainId,
  crypto: CryptoPort,
): SignedRecord {
  return signRecord(rosterFormat, body, signer, domainId, crypto);
}

/**
 * Requires: `issuer` is the key of a CA certificate that trust has validated, never a member's.
 * Errors: as verifyRecord.
 */
export function verifyRoster(
  crypto: CryptoPort,
  domainId: DomainId,
  roster: Unverified<Roster>,
  issuer: SigningKey,
): Result<VerifiedRoster, Fault> {
  return verifyRecord(crypto, domainId, roster, issuer);
}

function rosterRule(roster: Roster): string | undefined {
  if (roster.h > roster.k) return 'h is above k';
  if (roster.intervalMinMs > roster.intervalMaxMs) return 'intervalMinMs is above intervalMaxMs';
  if ((roster.number === 1) !== roster.prev.every((byte) => byte === 0)) {
    return 'prev is zeros in number 1 and only there';
  }
  return isAscending(roster.members) ? undefined : 'members are not in ascending order of nodeId, each once';
}

function isAscending(members: readonly RosterMember[]): boolean {
  let previous = '';
  for (const { nodeId } of members) {
    if (nodeId <= previous) return false;
    previous = nodeId;
  }
  return true;
}
