import type { CertId, CryptoPort, DomainId, Fault, NodeId, Result, Signer, UnixMs } from '../../std/index.ts';
import { bytesShape, choiceShape, tupleShape, uintShape } from '../../codec/index.ts';
import type { CborMap } from '../../codec/index.ts';
import {
  certIdField,
  defineRecord,
  epochField,
  extField,
  MAX_EPOCH_START_BYTES,
  nodeIdField,
  RECORD_TYPE_CODES,
  rosterNumberField,
  signRecord,
  timeField,
} from '../../heartbeat/index.ts';
import type { SignedRecord, Unverified } from '../../heartbeat/index.ts';
import { MAX_ACCUSATION_BYTES, MAX_RING } from './bounds.ts';

/** `silent`: heartbeats stopped. `closed`: the link ended without a leave and dialling again was refused. */
export type AccusationReason = 'silent' | 'closed';

/** An observer says that it hears no more of a node, and shows the last it heard. */
export interface Accusation {
  /** Of the accuser. */
  readonly certId: CertId;
  readonly tMs: UnixMs;
  readonly subject: NodeId;
  /** The subject's epoch that is said to have ended. */
  readonly epoch: number;
  /** The roster that makes the accuser an observer. */
  readonly rosterNumber: number;
  /** The ring on which it is one, from 0. */
  readonly ring: number;
  readonly reason: AccusationReason;
  /** The subject's newest record that the accuser holds, so that nobody can be accused who was never there. */
  readonly last: EmbeddedRecord;
  readonly ext: CborMap;
}

export interface EmbeddedRecord {
  readonly type: 'heartbeat' | 'epoch-start';
  /** The complete COSE_Sign1, untagged. */
  readonly bytes: Uint8Array;
}

const embeddedField = tupleShape<EmbeddedRecord>({
  type: choiceShape({
    heartbeat: RECORD_TYPE_CODES.heartbeat,
    'epoch-start': RECORD_TYPE_CODES['epoch-start'],
  }),
  bytes: bytesShape(1, MAX_EPOCH_START_BYTES),
});

export const accusationFormat = defineRecord<Accusation>({
  type: 'accusation',
  maxBytes: MAX_ACCUSATION_BYTES,
  fields: {
    certId: certIdField,
    tMs: timeField,
    subject: nodeIdField,
    epoch: epochField,
    rosterNumber: rosterNumberField,
    ring: uintShape(MAX_RING),
    reason: choiceShape<AccusationReason>({ silent: 0, closed: 1 }),
    last: embeddedField,
    ext: extField,
  },
});

/** Errors: as RecordFormat.decode. The embedded record is opened by verifyAccusation only. */
export function decodeAccusation(bytes: Uint8Array): Result<Unverified<Accusation>, Fault> {
  return accusationFormat.decode(bytes);
}

/** Requires and errors: as signRecord. */
export function signAccusation(
  body: Accusation,
  signer: Signer,
  domainId: DomainId,
  crypto: CryptoPort,
): SignedRecord {
  return signRecord(accusationFormat, body, signer, domainId, crypto);
}
