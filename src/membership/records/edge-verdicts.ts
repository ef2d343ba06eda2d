import type { CertId, CryptoPort, DomainId, Fault, NodeId, Result, Signer, UnixMs } from '../../std/index.ts';
import { listShape, uintShape } from '../../codec/index.ts';
import type { CborMap } from '../../codec/index.ts';
import {
  certIdField,
  defineRecord,
  epochField,
  extField,
  MAX_SEQ,
  nodeIdField,
  rosterNumberField,
  signRecord,
  timeField,
} from '../../heartbeat/index.ts';
import type { SignedRecord, Unverified } from '../../heartbeat/index.ts';
import { MAX_EDGE_VERDICTS_BYTES, MAX_SILENT_EDGES } from './bounds.ts';

/**
 * Which of those that it observes a node has not heard for some time, though they may live: one row of the
 * reachability matrix. It accuses nobody and no verdict rests on it.
 */
export interface EdgeVerdicts {
  readonly certId: CertId;
  /** Of its signer. */
  readonly epoch: number;
  /** From 1 in each epoch; the highest replaces those before. */
  readonly number: number;
  readonly tMs: UnixMs;
  /** Under which it observes them. */
  readonly rosterNumber: number;
  /** At most 64, ascending, each once; where there are more, the first of them. */
  readonly silent: readonly NodeId[];
  readonly ext: CborMap;
}

export const edgeVerdictsFormat = defineRecord<EdgeVerdicts>({
  type: 'edge-verdicts',
  maxBytes: MAX_EDGE_VERDICTS_BYTES,
  fields: {
    certId: certIdField,
    epoch: epochField,
    number: uintShape(MAX_SEQ, 1),
    tMs: timeField,
    rosterNumber: rosterNumberField,
    silent: listShape(nodeIdField, 0, MAX_SILENT_EDGES),
    ext: extField,
  },
  check: ({ silent }) =>
    silent.every((nodeId, i) => i === 0 || nodeId > (silent[i - 1] ?? nodeId))
      ? undefined
      : 'silent is not in ascending order, each once',
});

/** Errors: as RecordFormat.decode. */
export function decodeEdgeVerdicts(bytes: Uint8Array): Result<Unverified<EdgeVerdicts>, Fault> {
  return edgeVerdictsFormat.decode(bytes);
}

/** Requires and errors: as signRecord. */
export function signEdgeVerdicts(
  body: EdgeVerdicts,
  signer: Signer,
  domainId: DomainId,
  crypto: CryptoPort,
): SignedRecord {
  return signRecord(edgeVerdictsFormat, body, signer, domainId, crypto);
}
