import { equalBytes, err, fault, ok } from '../std/index.ts';
import type { Fault, Result } from '../std/index.ts';
import type { EpochStart } from './epoch-start.ts';
import type { RecordBody } from './format.ts';
import type { SigningKey, Verified } from './record.ts';

/** The newest record known of a node: where its next one has to continue. */
export interface ChainHead {
  readonly epoch: number;
  /** 0 for the epoch-start. */
  readonly seq: number;
  /** structureHash of that record, 32 bytes. */
  readonly hash: Uint8Array;
}

/** What heartbeats, key-changes and leaves have in common. */
export interface ChainedBody extends RecordBody {
  readonly epoch: number;
  readonly seq: number;
  readonly prev: Uint8Array;
}

export interface ChainStep {
  readonly head: ChainHead;
  /** Records between the old head and this one that were not seen; their chain can't be checked. */
  readonly missing: number;
}

/** The head that an epoch begins with. */
export function headOfEpoch(start: Verified<EpochStart, SigningKey>): ChainHead {
  return { epoch: start.body.epoch, seq: 0, hash: start.structureHash };
}

/**
 * Whether a verified record goes forward from `head`, the newest record known of the same node.
 *
 * Errors: LS_HEARTBEAT_OLD_EPOCH, LS_HEARTBEAT_UNKNOWN_EPOCH (a newer one whose epoch-start is not held),
 * LS_HEARTBEAT_REPLAYED (this number or a later one was seen), LS_HEARTBEAT_FORK (another record with the head's
 * number, or the next number on another prev: the signer has two histories).
 */
export function extendChain(
  head: ChainHead,
  record: Verified<ChainedBody, SigningKey>,
): Result<ChainStep, Fault> {
  const { epoch, seq, prev } = record.body;
  const place = `epoch ${String(epoch)}, seq ${String(seq)}; known is ${String(head.epoch)}, ${String(head.seq)}`;
  if (epoch < head.epoch) return err(fault('LS_HEARTBEAT_OLD_EPOCH', place));
  if (epoch > head.epoch) return err(fault('LS_HEARTBEAT_UNKNOWN_EPOCH', place));
  if (seq === head.seq && !equalBytes(record.structureHash, head.hash)) {
    return err(fault('LS_HEARTBEAT_FORK', `two records with one number: ${place}`));
  }
  if (seq <= head.seq) return err(fault('LS_HEARTBEAT_REPLAYED', place));
  if (seq === head.seq + 1 && !equalBytes(prev, head.hash)) {
    return err(fault('LS_HEARTBEAT_FORK', `does not continue the record before it: ${place}`));
  }
  return ok({ head: { epoch, seq, hash: record.structureHash }, missing: seq - head.seq - 1 });
}
