import type { Hello, LinkMachine, Message } from '../link/index.ts';
import type { CertId, MonoMs, NodeId } from '../std/index.ts';
import type { VerifiedPeer } from '../trust/index.ts';
import type { ConnectionId } from './events.ts';
import type { TokenBucket } from './token-bucket.ts';

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
