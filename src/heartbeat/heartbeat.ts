import type {
  CertId,
  CryptoPort,
  Digest,
  DomainId,
  Fault,
  NodeId,
  Result,
  Signer,
  UnixMs,
} from '../std/index.ts';
import { bytesShape, listShape, nullableShape, tupleShape, uintShape } from '../codec/index.ts';
import type { CborMap } from '../codec/index.ts';
import {
  MAX_HEADS,
  MAX_HEALTH,
  MAX_HEARTBEAT_BYTES,
  MAX_INTERVAL_MS,
  MAX_REBUTS,
  MAX_SEQ,
  MAX_TREE_SIZE,
  MIN_INTERVAL_MS,
  VIEW_DIGEST_BYTES,
} from './bounds.ts';
import {
  certIdField,
  crlNumberField,
  digestField,
  epochField,
  extField,
  hashField,
  nodeIdField,
  rosterNumberField,
  seqField,
  timeField,
} from './fields.ts';
import { ALL_HEARTBEAT_FLAGS } from './flags.ts';
import { defineRecord } from './format.ts';
import { modesRule } from './modes.ts';
import type { SignedRecord, Unverified } from './record.ts';
import { signRecord } from './sign.ts';

/** One sign of life. */
export interface Heartbeat {
  readonly certId: CertId;
  /** The sender's incarnation, from 1. */
  readonly epoch: number;
  /** Number in the epoch, from 1; shared by all records that continue `prev`. */
  readonly seq: number;
  /** The sender's wall clock. Skew warns, never denies. */
  readonly tMs: UnixMs;
  /** When the next one is due, 50 to 60,000 ms after this one. */
  readonly intervalMs: number;
  /** structureHash of the sender's previous record in this epoch, 32 bytes. */
  readonly prev: Uint8Array;
  /** Sum of HEARTBEAT_FLAGS. */
  readonly flags: number;
  /** Local health, 0 (good) to 8. */
  readonly health: number;
  /** Of the newest CRL the sender enforces; 0 when it has none. */
  readonly crlNumber: number;
  /** Of the newest roster the sender holds; 0 when it has none. */
  readonly rosterNumber: number;
  /** First 8 bytes of the digest of the sender's view. */
  readonly viewDigest: Uint8Array;
  /** The sender's ledger, durable records only. */
  readonly checkpoint: TreeHead | null;
  /** The newest records the sender has of up to 8 peers. */
  readonly heads: readonly HeartbeatHead[] | null;
  /** 1 to 16 record ids of accusations that this heartbeat answers. */
  readonly rebuts: readonly Digest[] | null;
  readonly ext: CborMap;
}

export interface TreeHead {
  readonly size: number;
  /** RFC 9162 root hash, 32 bytes. */
  readonly root: Uint8Array;
}

export interface HeartbeatHead {
  readonly nodeId: NodeId;
  readonly epoch: number;
  /** 0 when only the epoch-start was seen. */
  readonly seq: number;
  /** structureHash of that record, 32 bytes. */
  readonly hash: Uint8Array;
}

const treeHeadField = tupleShape<TreeHead>({ size: uintShape(MAX_TREE_SIZE), root: hashField });

const headField = tupleShape<HeartbeatHead>({
  nodeId: nodeIdField,
  epoch: epochField,
  seq: uintShape(MAX_SEQ),
  hash: hashField,
});

export const heartbeatFormat = defineRecord<Heartbeat>({
  type: 'heartbeat',
  maxBytes: MAX_HEARTBEAT_BYTES,
  fields: {
    certId: certIdField,
    epoch: epochField,
    seq: seqField,
    tMs: timeField,
    intervalMs: uintShape(MAX_INTERVAL_MS, MIN_INTERVAL_MS),
    prev: hashField,
    flags: uintShape(ALL_HEARTBEAT_FLAGS),
    health: uintShape(MAX_HEALTH),
    crlNumber: crlNumberField,
    rosterNumber: rosterNumberField,
    viewDigest: bytesShape(VIEW_DIGEST_BYTES),
    checkpoint: nullableShape(treeHeadField),
    heads: nullableShape(listShape(headField, 0, MAX_HEADS)),
    rebuts: nullableShape(listShape(digestField, 1, MAX_REBUTS)),
    ext: extField,
  },
  check: modesRule,
});

/** Errors: as RecordFormat.decode. */
export function decodeHeartbeat(bytes: Uint8Array): Result<Unverified<Heartbeat>, Fault> {
  return heartbeatFormat.decode(bytes);
}

/** Requires and errors: as signRecord. */
export function signHeartbeat(
  body: Heartbeat,
  signer: Signer,
  domainId: DomainId,
  crypto: CryptoPort,
): SignedRecord {
  return signRecord(heartbeatFormat, body, signer, domainId, crypto);
}
