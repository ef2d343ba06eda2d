import type { SegmentScan } from '../ledger/index.ts';

/** A ledger as the audit reads it. Everything in it is hostile. */
export interface LedgerSource {
  /** How reports name the home. */
  readonly name: string;
  /** Where the segments are, for findings about the log as a whole. */
  readonly place: string;
  /** The segments in order, one in memory at a time; asked for more than once. */
  segments(): AsyncIterable<SourceSegment>;
  /** The signed checkpoint; undefined when there is none. */
  checkpoint(): Promise<SourceFile | undefined>;
  /** A full tile of exactly 8,192 bytes; undefined when there is none. */
  tile(level: number, index: number): Promise<SourceFile | undefined>;
}

export interface SourceFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface SourceSegment {
  readonly file: string;
  /** Leaf index of the first frame, as the file's name has it. */
  readonly firstIndex: number;
  /** Where the next segment begins; undefined for the newest one. */
  readonly nextIndex: number | undefined;
  readonly scan: SegmentScan;
}
