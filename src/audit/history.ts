import { equalBytes, type Digest, type NodeId } from '../std/index.ts';

/** Newest records of each epoch that are kept for comparison with what other logs say. */
export const WINDOW_RECORDS = 4_096;
/** Newest epochs kept of each node. */
export const WINDOW_EPOCHS = 8;
/** Nodes compared in one audit. */
export const MAX_TRACKED_NODES = 16_384;

/** A verified record as it is compared. */
export interface KnownRecord {
  readonly structureHash: Uint8Array;
  /** structureHash of the record before it; undefined for an epoch-start. */
  readonly prev: Uint8Array | undefined;
  readonly id: Digest;
}

export type HistoryVerdict =
  | 'new'
  | 'same'
  /** Another record with the same number is known. */
  | 'equivocation'
  /** It, or its successor, continues another record than the one known with that number. */
  | 'broken-chain'
  /** It is too old to be compared with what is kept. */
  | 'outside-window';

interface EpochWindow {
  readonly records: Map<number, KnownRecord>;
  newest: number;
}

/**
 * What all logs together say that each node signed, in a window that moves with the newest: one history per node, or
 * the node has been caught.
 */
export class History {
  readonly #nodes = new Map<NodeId, Map<number, EpochWindow>>();

  get nodes(): number {
    return this.#nodes.size;
  }

  find(nodeId: NodeId, epoch: number, seq: number): KnownRecord | undefined {
    return this.#nodes.get(nodeId)?.get(epoch)?.records.get(seq);
  }

  /** Requires: the record is verified. */
  add(nodeId: NodeId, epoch: number, seq: number, record: KnownRecord): HistoryVerdict {
    const window = this.#window(nodeId, epoch);
    if (window === undefined || seq + WINDOW_RECORDS <= window.newest) return 'outside-window';
    const { records } = window;
    const known = records.get(seq);
    if (known !== undefined)
      return equalBytes(known.structureHash, record.structureHash) ? 'same' : 'equivocation';
    records.set(seq, record);
    if (seq > window.newest) forget(window, seq);
    const before = records.get(seq - 1);
    const after = records.get(seq + 1);
    return continues(record, before) && continues(after, record) ? 'new' : 'broken-chain';
  }

  #window(nodeId: NodeId, epoch: number): EpochWindow | undefined {
    const epochs = this.#nodes.get(nodeId) ?? new Map<number, EpochWindow>();
    if (this.#nodes.size >= MAX_TRACKED_NODES && !this.#nodes.has(nodeId)) return undefined;
    this.#nodes.set(nodeId, epochs);
    const window = epochs.get(epoch);
    if (window !== undefined) return window;
    const oldest = Math.min(...epochs.keys());
    if (epochs.size >= WINDOW_EPOCHS && epoch < oldest) return undefined;
    if (epochs.size >= WINDOW_EPOCHS) epochs.delete(oldest);
    const opened = { records: new Map<number, KnownRecord>(), newest: 0 };
    epochs.set(epoch, opened);
    return opened;
  }
}

function forget(window: EpochWindow, newest: number): void {
  const keptFrom = newest - WINDOW_RECORDS + 1;
  const gone = Math.min(keptFrom, window.newest + 1);
  for (let seq = Math.max(0, window.newest - WINDOW_RECORDS + 1); seq < gone; seq++)
    window.records.delete(seq);
  window.newest = newest;
}

function continues(record: KnownRecord | undefined, before: KnownRecord | undefined): boolean {
  if (record?.prev === undefined || before === undefined) return true;
  return equalBytes(record.prev, before.structureHash);
}
