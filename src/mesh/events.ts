import type { TreeHead } from '../heartbeat/index.ts';
import type { Brand, Fault, NodeId, Result, Signer } from '../std/index.ts';
import type { CrlFindings } from '../trust/index.ts';
import type { CoreConfig } from './config.ts';
import type { NodeModes } from './modes.ts';

/** One TLS connection, named by the shell for as long as it lives. */
export type ConnectionId = Brand<number, 'ConnectionId'>;
/** Ties an effect that must become durable to the event that says it is. */
export type Token = Brand<number, 'Token'>;

/** Where a peer may be reached: a hint from the CA, beaten by the addresses in the peer's own epoch-start. */
export interface Seed {
  readonly nodeId: NodeId;
  readonly address: string;
}

/** Which CAs there are, as the CA's server says. Hints: each certificate is judged up to a pinned root. DER. */
export interface AuthoritiesTold {
  readonly roots: readonly Uint8Array[];
  readonly crossCertificates: readonly Uint8Array[];
  /** Those in use. */
  readonly issuing: readonly Uint8Array[];
  /** SHA-256 of the certificate of the one that issues now; null when none does. */
  readonly active: Uint8Array | null;
  /** Within which time nodes below another one should renew; null when they need not hurry. */
  readonly renewWithinMs: number | null;
}

/** Everything that can happen to a node. The shell feeds these in; nothing else moves the core. */
export type NodeEvent =
  | { readonly kind: 'start' }
  /** The wake-up last asked for. */
  | { readonly kind: 'tick' }
  | {
      readonly kind: 'connected';
      readonly connection: ConnectionId;
      readonly role: 'dialer' | 'listener';
      /** DER, leaf first, as the peer presented it: validated by TLS, judged again here. */
      readonly chain: readonly Uint8Array[];
      readonly address: string;
    }
  | { readonly kind: 'received'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  | { readonly kind: 'disconnected'; readonly connection: ConnectionId; readonly detail: string }
  | {
      readonly kind: 'dial-failed';
      readonly peer: NodeId;
      /** Nobody listens there. */
      readonly refused: boolean;
      readonly fault: Fault;
    }
  | { readonly kind: 'saved'; readonly token: Token }
  | { readonly kind: 'save-failed'; readonly token: Token; readonly fault: Fault }
  | { readonly kind: 'durable'; readonly token: Token; readonly head: TreeHead }
  | { readonly kind: 'append-failed'; readonly token: Token; readonly fault: Fault }
  | {
      readonly kind: 'crl-checked';
      readonly token: Token;
      /** A fault when the CRL could not be checked: then it is not taken. */
      readonly findings: Result<CrlFindings, Fault>;
    }
  | { readonly kind: 'crl'; readonly der: Uint8Array }
  | { readonly kind: 'roster'; readonly bytes: Uint8Array }
  | ({ readonly kind: 'authorities' } & AuthoritiesTold)
  | { readonly kind: 'seeds'; readonly seeds: readonly Seed[] }
  /** The shell has a new certificate for a new key; `successor` is the old key's statement over it. */
  | {
      readonly kind: 'renewed';
      readonly chain: readonly Uint8Array[];
      readonly signer: Signer;
      readonly successor: Uint8Array;
    }
  /** The CA has refused to renew for now, and said for how long. */
  | { readonly kind: 'renewal-deferred'; readonly afterMs: number }
  /** The operator has changed parameters. */
  | { readonly kind: 'configure'; readonly config: CoreConfig }
  /** What the operator puts the node into, from now on. */
  | { readonly kind: 'modes'; readonly modes: NodeModes }
  | { readonly kind: 'leave'; readonly reason: string };
