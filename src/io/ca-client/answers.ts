import { setImmediate } from 'node:timers/promises';
import {
  parseNodeId,
  parseNodeName,
  parseSerialNumber,
  type NodeId,
  type NodeName,
  type SerialNumber,
  type UnixMs,
} from '../../std/index.ts';
import { jsonCheck, parseJson } from '../json/index.ts';
import {
  crossesSchema,
  issuingSchema,
  MAX_NAMED_ISSUING,
  MAX_NAMED_ROOTS,
  readAuthorities,
  type AuthoritiesAnswer,
} from './authorities.ts';
import { bytesOf, checked, known, timeOf, unreadable } from './reading.ts';

/** A certificate just issued. DER, leaf first, without the root. */
export interface IssuedAnswer {
  readonly serial: SerialNumber;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly chain: readonly Uint8Array[];
}

/** Where the CA last knew a node to be. */
export interface SeedAnswer {
  readonly nodeId: NodeId;
  readonly name: NodeName;
  readonly address: string;
}

/** All that a new node needs. Every signed part is to be verified by the caller. */
export interface EnrollmentAnswer extends IssuedAnswer {
  readonly name: NodeName;
  readonly nodeId: NodeId;
  readonly trustDomain: string;
  readonly roots: readonly Uint8Array[];
  /** By which the first root vouches for the second, and so on. */
  readonly crossCertificates: readonly Uint8Array[];
  /** Issuing CAs in use, of all the CRLs; none from a CA that has but the one in `chain`. */
  readonly issuing: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly roster: Uint8Array;
  readonly seeds: readonly SeedAnswer[];
}

export interface BundleAnswer {
  readonly trustDomain: string;
  readonly roots: readonly Uint8Array[];
  readonly crossCertificates: readonly Uint8Array[];
  readonly issuing: readonly Uint8Array[];
}

export interface RosterAnswer {
  readonly rosterNumber: number;
  readonly record: Uint8Array;
}

/** DER of what one issuing CA revokes. */
export interface IssuingCrlAnswer {
  readonly full: Uint8Array;
  readonly delta: Uint8Array | null;
}

/** Of the active issuing CA, and of the roots. */
export interface CrlAnswer extends IssuingCrlAnswer {
  /** Of the other issuing CAs that are in use. */
  readonly others: readonly IssuingCrlAnswer[];
  /** Of the genesis root, and of those after it. */
  readonly roots: readonly Uint8Array[];
}

/** What the CA tells its nodes as it happens. */
export type FeedEvent =
  | { readonly kind: 'crl'; readonly delta: boolean; readonly der: Uint8Array }
  | ({ readonly kind: 'authorities' } & AuthoritiesAnswer)
  | { readonly kind: 'roster'; readonly record: Uint8Array }
  | { readonly kind: 'seeds'; readonly seeds: readonly SeedAnswer[] };

/** CRLs in longer events of the feed are decoded in turns. */
const LARGE_TEXT_CHARS = 256 * 1024;
/** Characters that are decoded in one turn: whole groups of four. */
const PIECE_CHARS = 256 * 1024;
/** Of each root one, of each issuing CA a full one and its delta. */
const MAX_CRLS = 24;

const text = { type: 'string', maxLength: 512 } as const;
const base64 = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const issued = {
  serial: text,
  notBefore: text,
  notAfter: text,
  chain: { type: 'array', items: base64, minItems: 1, maxItems: 4 },
} as const;
const issuedMembers = ['serial', 'notBefore', 'notAfter', 'chain'] as const;
const seed = {
  type: 'object',
  required: ['nodeId', 'name', 'address'],
  properties: { nodeId: text, name: text, address: text },
} as const;
const seeds = { type: 'array', items: seed, maxItems: 10_000 } as const;
const roots = { type: 'array', items: base64, minItems: 1, maxItems: 16 } as const;

const isIssued = jsonCheck({ type: 'object', required: issuedMembers, properties: issued });
const isEnrollment = jsonCheck({
  type: 'object',
  required: [...issuedMembers, 'name', 'nodeId', 'trustDomain', 'roots', 'crls', 'roster', 'seeds'],
  properties: {
    ...issued,
    name: text,
    nodeId: text,
    trustDomain: text,
    roots,
    crossCertificates: crossesSchema,
    issuing: issuingSchema,
    crls: { type: 'array', items: base64, maxItems: MAX_CRLS },
    roster: base64,
    seeds,
  },
});
const isBundle = jsonCheck({
  type: 'object',
  required: ['trustDomain', 'roots'],
  properties: { trustDomain: text, roots, crossCertificates: crossesSchema, issuing: issuingSchema },
});
const isRoster = jsonCheck({
  type: 'object',
  required: ['rosterNumber', 'record'],
  properties: { rosterNumber: count, record: base64 },
});
const crlPair = { full: base64, delta: { anyOf: [base64, { type: 'null' }] } } as const;
const isCrl = jsonCheck({
  type: 'object',
  required: ['full', 'delta', 'others', 'root'],
  properties: {
    ...crlPair,
    others: {
      type: 'array',
      items: { type: 'object', required: ['full', 'delta'], properties: crlPair },
      maxItems: MAX_NAMED_ISSUING,
    },
    root: base64,
    laterRoots: { type: 'array', items: base64, maxItems: MAX_NAMED_ROOTS },
  },
});
const isActivation = jsonCheck({
  type: 'object',
  required: ['rosterNumber'],
  properties: { rosterNumber: count },
});
const isCrlEvent = jsonCheck({
  type: 'object',
  required: ['delta', 'der'],
  properties: { delta: { type: 'boolean' }, der: base64 },
});
const isRosterEvent = jsonCheck({ type: 'object', required: ['record'], properties: { record: base64 } });
const isSeedsEvent = jsonCheck({ type: 'object', required: ['seeds'], properties: { seeds } });

/*
 * Readers of the CA's answers. Members that are not known are ignored (fields may be added); everything else that is
 * not as it should be throws LS_API_RESPONSE.
 */

export function readIssued(body: unknown): IssuedAnswer {
  return issuedAnswer(checked(isIssued, body));
}

export function readEnrollment(body: unknown): EnrollmentAnswer {
  const answer = checked(isEnrollment, body);
  return {
    ...issuedAnswer(answer),
    name: known(parseNodeName(answer.name), 'name'),
    nodeId: known(parseNodeId(answer.nodeId), 'nodeId'),
    trustDomain: answer.trustDomain,
    roots: answer.roots.map(bytesOf),
    crossCertificates: (answer.crossCertificates ?? []).map(bytesOf),
    issuing: (answer.issuing ?? []).map(bytesOf),
    crls: answer.crls.map(bytesOf),
    roster: bytesOf(answer.roster),
    seeds: answer.seeds.map(seedAnswer),
  };
}

export function readBundleAnswer(body: unknown): BundleAnswer {
  const answer = checked(isBundle, body);
  const { trustDomain, roots: anchors, crossCertificates = [], issuing = [] } = answer;
  return {
    trustDomain,
    roots: anchors.map(bytesOf),
    crossCertificates: crossCertificates.map(bytesOf),
    issuing: issuing.map(bytesOf),
  };
}

export function readRosterAnswer(body: unknown): RosterAnswer {
  const { rosterNumber, record } = checked(isRoster, body);
  return { rosterNumber, record: bytesOf(record) };
}

export function readCrlAnswer(body: unknown): CrlAnswer {
  const { full, delta, others, root, laterRoots = [] } = checked(isCrl, body);
  const roots = [root, ...laterRoots].map(bytesOf);
  return { ...crlPairOf({ full, delta }), others: others.map(crlPairOf), roots };
}

function crlPairOf({ full, delta }: { full: string; delta: string | null }): IssuingCrlAnswer {
  return { full: bytesOf(full), delta: delta === null ? null : bytesOf(delta) };
}

export function readActivation(body: unknown): { readonly rosterNumber: number } {
  return { rosterNumber: checked(isActivation, body).rosterNumber };
}

/** {@link readFeedEvent}, which lets others have their turn while it decodes a large CRL. */
export async function readFeedEventInTurns(kind: string, data: string): Promise<FeedEvent | undefined> {
  if (kind !== 'crl' || data.length <= LARGE_TEXT_CHARS) return readFeedEvent(kind, data);
  const { delta, der } = checked(isCrlEvent, parseJson(data));
  return { kind, delta, der: await largeBytesOf(der) };
}

/** Undefined for an event of a kind that this version does not know. */
export function readFeedEvent(kind: string, data: string): FeedEvent | undefined {
  switch (kind) {
    case 'crl': {
      const { delta, der } = checked(isCrlEvent, parseJson(data));
      return { kind, delta, der: bytesOf(der) };
    }
    case 'authorities':
      return { kind, ...readAuthorities(parseJson(data)) };
    case 'roster':
      return { kind, record: bytesOf(checked(isRosterEvent, parseJson(data)).record) };
    case 'seeds':
      return { kind, seeds: checked(isSeedsEvent, parseJson(data)).seeds.map(seedAnswer) };
    default:
      return undefined;
  }
}

function issuedAnswer(answer: {
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly chain: readonly string[];
}): IssuedAnswer {
  return {
    serial: known(parseSerialNumber(answer.serial), 'serial'),
    notBefore: timeOf(answer.notBefore),
    notAfter: timeOf(answer.notAfter),
    chain: answer.chain.map(bytesOf),
  };
}

function seedAnswer(seed: {
  readonly nodeId: string;
  readonly name: string;
  readonly address: string;
}): SeedAnswer {
  return {
    nodeId: known(parseNodeId(seed.nodeId), 'nodeId of a seed'),
    name: known(parseNodeName(seed.name), 'name of a seed'),
    address: seed.address,
  };
}

/**
 * {@link bytesOf} piece by piece, into memory that another thread may see: what is that long is a CRL, and is checked there.
 */
async function largeBytesOf(base64Text: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(new SharedArrayBuffer(Math.ceil(base64Text.length / 4) * 3));
  let end = 0;
  for (let at = 0; at < base64Text.length; at += PIECE_CHARS) {
    const piece = base64Text.slice(at, at + PIECE_CHARS);
    const decoded = bytesOf(piece);
    // Only the last piece may end in padding, else it is not the text of these bytes.
    if (at + PIECE_CHARS < base64Text.length && piece.endsWith('='))
      throw unreadable('a member is not base64');
    bytes.set(decoded, end);
    end += decoded.length;
    await setImmediate();
  }
  return bytes.subarray(0, end);
}
