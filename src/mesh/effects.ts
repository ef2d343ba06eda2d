import type { LedgerEntry } from '../ledger/index.ts';
import type { MemberState, StateReason } from '../membership/index.ts';
import type { CertId, Fault, MonoMs, NodeId, NodeName, SignatureAlgorithm, UnixMs } from '../std/index.ts';
import type { CrlCheck } from '../trust/index.ts';
import type { ConnectionId, Token } from './events.ts';
import type { ModeReason } from './modes.ts';

/** Queueing class of bytes on a link; a full queue drops the oldest heartbeats first and never control. */
export type WriteClass = 'control' | 'crl' | 'record' | 'heartbeat';

/** The last key seen of a peer: a new one counts only with a successor statement of this one. */
export interface Pin {
  readonly nodeId: NodeId;
  readonly certId: CertId;
  readonly algorithm: SignatureAlgorithm;
  readonly spki: Uint8Array;
  /** Highest epoch seen of the peer. */
  readonly epoch: number;
}

/** What a node must find again after a crash. */
export interface PersistentState {
  /** Highest epoch this node ever prepared to use. */
  readonly epoch: number;
  /** Newest verified time, so that turning the clock back revives nothing. */
  readonly trustedTimeMs: UnixMs;
  readonly pins: readonly Pin[];
}

/** A change of a member's state, or of its modes while the state stays (`from` is `to` then), as consumers see it. */
export interface Transition {
  readonly nodeId: NodeId;
  readonly name: NodeName;
  readonly epoch: number;
  readonly from: MemberState;
  readonly to: MemberState;
  readonly reason: StateReason | ModeReason;
  /** Names of the modes that it is in. */
  readonly flags: readonly string[];
  readonly at: UnixMs;
}

/** What a ledger takes, and when it happened. */
export interface TimedEntry {
  readonly entry: LedgerEntry;
  readonly at: UnixMs;
}

/** Everything a node can do to the world. Order within one answer is the order in which they must happen. */
export type Effect =
  /** Send `tick` at this moment, in place of any earlier wish. */
  | { readonly kind: 'wake'; readonly at: MonoMs }
  | { readonly kind: 'dial'; readonly peer: NodeId; readonly address: string }
  | {
      readonly kind: 'write';
      readonly connection: ConnectionId;
      readonly bytes: Uint8Array;
      readonly class: WriteClass;
    }
  /** Flush what is queued, then close. */
  | { readonly kind: 'disconnect'; readonly connection: ConnectionId }
  /** Answered by `saved` or `save-failed`. */
  | { readonly kind: 'save'; readonly token: Token; readonly state: PersistentState }
  /** Answered by `durable` or `append-failed`. */
  | {
      readonly kind: 'append';
      readonly token: Token;
      readonly entries: readonly TimedEntry[];
    }
  /** A large CRL is to be gone through where that does not hold up the node. Answered by `crl-checked`; one at a time. */
  | { readonly kind: 'check-crl'; readonly token: Token; readonly check: CrlCheck }
  /** Keep a CRL or roster that is now in force, then tell the CA that we enforce it. */
  | { readonly kind: 'keep-crl'; readonly der: Uint8Array }
  /** Pin these roots and know these issuing CAs (DER), from now on and after a restart. */
  | {
      readonly kind: 'keep-authorities';
      readonly roots: readonly Uint8Array[];
      readonly issuing: readonly Uint8Array[];
    }
  | { readonly kind: 'keep-roster'; readonly bytes: Uint8Array }
  | { readonly kind: 'acknowledge'; readonly crlNumber: number; readonly rosterNumber: number }
  | { readonly kind: 'renew' }
  | { readonly kind: 'transition'; readonly transition: Transition }
  /** For the operational log. Nothing a peer sent is above `debug`. */
  | {
      readonly kind: 'report';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly fault: Fault;
      readonly peer: NodeId | undefined;
    }
  /** The node has ended; with a fault when it had to. */
  | { readonly kind: 'stopped'; readonly fault: Fault | undefined };
