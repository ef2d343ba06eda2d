import type { CertId, CryptoPort, DomainId, Fault, Result, Signer, UnixMs } from '../../std/index.ts';
import { textShape } from '../../codec/index.ts';
import type { CborMap } from '../../codec/index.ts';
import {
  certIdField,
  defineRecord,
  epochField,
  extField,
  hashField,
  seqField,
  signRecord,
  timeField,
} from '../../heartbeat/index.ts';
import type { SignedRecord, Unverified } from '../../heartbeat/index.ts';
import { MAX_LEAVE_BYTES, MAX_LEAVE_REASON_BYTES } from './bounds.ts';

/** A node ends its epoch on purpose. Nothing follows it in that epoch. */
export interface Leave {
  readonly certId: CertId;
  readonly epoch: number;
  readonly seq: number;
  readonly tMs: UnixMs;
  readonly prev: Uint8Array;
  /** For people, at most 64 bytes of UTF-8; escape it before showing it. */
  readonly reason: string;
  readonly ext: CborMap;
}

export const leaveFormat = defineRecord<Leave>({
  type: 'leave',
  maxBytes: MAX_LEAVE_BYTES,
  fields: {
    certId: certIdField,
    epoch: epochField,
    seq: seqField,
    tMs: timeField,
    prev: hashField,
    reason: textShape(MAX_LEAVE_REASON_BYTES),
    ext: extField,
  },
});

/** Errors: as RecordFormat.decode. */
export function decodeLeave(bytes: Uint8Array): Result<Unverified<Leave>, Fault> {
  return leaveFormat.decode(bytes);
}

/** Requires and errors: as signRecord. */
export function signLeave(body: Leave, signer: Signer, domainId: DomainId, crypto: CryptoPort): SignedRecord {
  return signRecord(leaveFormat, body, signer, domainId, crypto);
}
