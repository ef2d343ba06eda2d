import type { RecordType } from '../heartbeat/index.ts';
import { MAX_FRAME_BYTES } from './frame.ts';

/** Longest `code` of a bye, in bytes. */
export const MAX_BYE_CODE_BYTES = 64;
/** Longest `detail` of a bye, in bytes of UTF-8. */
export const MAX_BYE_DETAIL_BYTES = 256;
/** Most record ids in one digest or want. */
export const MAX_DIGEST_IDS = 1024;
/** A record id is named by this many leading bytes of its SHA-256. */
export const DIGEST_ID_BYTES = 16;
/** Longest CRL that a message carries: a frame less the head of the message and of its byte string. */
export const MAX_CRL_MESSAGE_BYTES = MAX_FRAME_BYTES - 16;
/** Longest address in a hello, in bytes: a DNS name of 253 characters and a port. */
export const MAX_ADVERTISE_BYTES = 260;

/** Longest issuing certificate that travels, in bytes. */
export const MAX_ISSUER_BYTES = 4_096;

/** What both sides say first. */
export interface Hello {
  /** Lowest and highest version of the record formats that the sender speaks. */
  readonly versionMin: number;
  readonly versionMax: number;
  /** 8 random bytes made at the sender's start: a restarted process has another one. */
  readonly nonce: Uint8Array;
  readonly epoch: number;
  /** CRL number and roster number that the sender enforces; 0 when it has none. */
  readonly crlNumber: number;
  readonly rosterNumber: number;
  /** HOST:PORT at which the sender can be dialled; null when it only dials. */
  readonly advertise: string | null;
  /** 32 bytes. */
  readonly domainId: Uint8Array;
}

/** The fields of every kind of message. */
export interface MessageFields {
  readonly hello: Hello;
  /** The last thing said before a side closes, with a stable code. */
  readonly bye: { readonly code: string; readonly detail: string };
  /** A signed record; `bytes` is its complete COSE_Sign1. */
  readonly record: { readonly type: RecordType; readonly bytes: Uint8Array };
  /** A down certificate: final for its subject's epoch wherever it verifies. */
  readonly down: { readonly certificate: Uint8Array };
  readonly crl: { readonly delta: boolean; readonly der: Uint8Array };
  /** The certificate of an issuing CA in DER, ahead of its CRLs: it counts when a pinned root has made it. */
  readonly issuer: { readonly der: Uint8Array };
  /** Records the sender holds. */
  readonly digest: { readonly ids: readonly Uint8Array[] };
  /** Records the sender asks for. */
  readonly want: { readonly ids: readonly Uint8Array[] };
  readonly ping: { readonly token: number };
  readonly pong: { readonly token: number };
}

export type MessageKind = keyof MessageFields;

/** What travels on a link, one per frame. `Message<'hello'>` is the message of one kind. */
export type Message<K extends MessageKind = MessageKind> = {
  [P in K]: { readonly kind: P } & MessageFields[P];
}[K];
