import type { Hello, LinkMachine, Message } from '../link/index.ts';
import {
  fault,
  faultCatalogue,
  monoMs,
  type CertId,
  type Fault,
  type FaultCode,
  type MonoMs,
  type NodeId,
} from '../std/index.ts';
import type { VerifiedPeer } from '../trust/index.ts';
import type { ConnectionId, NodeEvent } from './events.ts';
import { MAX_KNOWN_ISSUERS } from './issuers.ts';
import { TokenBucket } from './token-bucket.ts';

/** Messages a link may deliver before anything in them is verified: on average, and at once. */
export const LINK_MESSAGES_PER_SECOND = 200;
export const LINK_MESSAGES_BURST = 4_000;
/** Issuing certificates a link may offer for judgement, each of which costs a signature check. */
export const LINK_ISSUERS_PER_SECOND = 0.2;
export const LINK_ISSUERS_BURST = 2 * MAX_KNOWN_ISSUERS;

/** One TLS connection that presented a certificate we judged good. */
export interface Link {
  readonly id: ConnectionId;
  readonly role: 'dialer' | 'listener';
  readonly machine: LinkMachine;
  readonly limit: TokenBucket;
  peer: VerifiedPeer;
  up: boolean;
  hello: Hello | undefined;
  /** Set before we end it ourselves, or when the peer said goodbye: its end is then no sign of a crash. */
  expectedEnd: boolean;
  lastReceived: MonoMs;
  roundTripMs: number;
  ping: { readonly token: number; readonly sentAt: MonoMs } | undefined;
  nextPing: MonoMs;
  /** Since when neither of us observes the other. */
  strangersSince: MonoMs | undefined;
  /** When it may be shown our digest again. */
  nextDigest: MonoMs;
  /** When it was last served what it was behind on. */
  servedAt: MonoMs;
  /** How long it is left alone since, and what it and we stood at then. */
  servePauseMs: number;
  servedAs: string;
  /** Of issuing certificates that it may offer. */
  readonly issuerLimit: TokenBucket;
  /** Issuing CAs that it was told of. */
  readonly introduced: Set<CertId>;
}

/** What the link table tells the rest of the core. */
export interface LinkListener {
  linkUp(link: Link, hello: Hello): void;
  message(link: Link, message: Message): void;
  /** Its process is gone: the link closed abruptly and nobody listens at its address. */
  peerRefused(nodeId: NodeId): void;
}

/** Of a connection that has just been made. */
export function newLink(
  { connection, role }: Extract<NodeEvent, { readonly kind: 'connected' }>,
  machine: LinkMachine,
  peer: VerifiedPeer,
  now: MonoMs,
): Link {
  return {
    id: connection,
    role,
    machine,
    limit: new TokenBucket(LINK_MESSAGES_PER_SECOND, LINK_MESSAGES_BURST, now),
    peer,
    up: false,
    hello: undefined,
    expectedEnd: false,
    lastReceived: now,
    roundTripMs: 0,
    ping: undefined,
    nextPing: now,
    strangersSince: undefined,
    nextDigest: now,
    servedAt: monoMs(-Infinity),
    servePauseMs: 0,
    servedAs: '',
    issuerLimit: new TokenBucket(LINK_ISSUERS_PER_SECOND, LINK_ISSUERS_BURST, now),
    introduced: new Set(),
  };
}

export function notNeighbour({ peer }: Link): Fault {
  return fault('LS_LINK_NOT_NEIGHBOUR', `neither of this node and ${peer.name} observes the other any more`);
}

export function isFaultCode(code: string): code is FaultCode {
  return Object.hasOwn(faultCatalogue, code);
}
