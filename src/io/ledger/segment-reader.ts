import { scanSegment, type SegmentScan } from '../../ledger/index.ts';
import type { LedgerFs } from './ledger-fs.ts';
import { ledgerError } from './ledger-fault.ts';
import { MAX_SEGMENT_FILE_BYTES, segmentIndices, segmentPath, type LedgerLayout } from './layout.ts';

/** One segment file, scanned. */
export interface ScannedSegment {
  readonly file: string;
  /** Leaf index of the first frame, as the file's name has it. */
  readonly firstIndex: number;
  /** Where the next segment begins; undefined for the newest one, the only one that may end in a torn write. */
  readonly nextIndex: number | undefined;
  readonly fileBytes: number;
  readonly scan: SegmentScan;
}

/** An entry where it stands. */
export interface StoredEntry {
  readonly file: string;
  /** Offset of the frame in the file, in bytes. */
  readonly offset: number;
  /** Leaf index. */
  readonly index: number;
  /** A view into the segment: valid until the next segment is read. */
  readonly body: Uint8Array;
}

/**
 * The segments of a ledger in order, one in memory at a time. `wanted` may skip some by their first index and that
 * of the next one.
 * Throws LS_LEDGER_IO when a file can't be read. What the scan found wrong is the caller's to judge.
 */
export async function* readSegments(
  fs: LedgerFs,
  layout: LedgerLayout,
  wanted: (firstIndex: number, nextIndex: number) => boolean = () => true,
): AsyncGenerator<ScannedSegment> {
  const indices = segmentIndices(await attempt(fs.list(layout.segments), layout.segments));
  for (const [position, firstIndex] of indices.entries()) {
    const nextIndex = indices[position + 1];
    if (!wanted(firstIndex, nextIndex ?? Number.POSITIVE_INFINITY)) continue;
    const file = segmentPath(layout, firstIndex);
    const bytes = (await attempt(fs.read(file, MAX_SEGMENT_FILE_BYTES), file)) ?? new Uint8Array(0);
    const scan = scanSegment(bytes);
    yield { file, firstIndex, nextIndex, fileBytes: bytes.length, scan };
  }
}

/** Every entry that can be reached, in order, up to the first break of each segment. */
export async function* readEntries(fs: LedgerFs, layout: LedgerLayout): AsyncGenerator<StoredEntry> {
  for await (const { file, firstIndex, scan } of readSegments(fs, layout)) {
    for (const [position, { offset, body }] of scan.frames.entries()) {
      yield { file, offset, index: firstIndex + position, body };
    }
  }
}

async function attempt<T>(work: Promise<T>, path: string): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw ledgerError(cause, `read ${path}`);
  }
}
