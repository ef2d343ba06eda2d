import { join } from 'node:path';
import { parseSegmentName, segmentName, tilePath } from '../../ledger/index.ts';

/** Size a segment file grows to before the next one begins; only a larger single append makes a larger file. */
export const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Segments grow by this much, written as zeros, so that most appends change no file size. */
export const PREALLOCATE_BYTES = 1024 * 1024;
/** A larger segment file is not read: nothing that lifesign writes gets there. */
export const MAX_SEGMENT_FILE_BYTES = 256 * 1024 * 1024;
/** Suffix of files that are not in their place yet. */
export const NEW_SUFFIX = '.new';

/** Where the files of a ledger are. `dir` is the home's `ledger/`. */
export interface LedgerLayout {
  readonly dir: string;
  readonly segments: string;
  readonly checkpoint: string;
}

export function ledgerLayout(dir: string): LedgerLayout {
  return { dir, segments: join(dir, 'segments'), checkpoint: join(dir, 'checkpoint') };
}

export function segmentPath(layout: LedgerLayout, firstIndex: number): string {
  return join(layout.segments, segmentName(firstIndex));
}

export function tileFile(layout: LedgerLayout, level: number, index: number): string {
  return join(layout.dir, tilePath(level, index));
}

/** First leaf indices of the segment files among these names, ascending. */
export function segmentIndices(names: readonly string[]): readonly number[] {
  return names
    .map(parseSegmentName)
    .filter((index) => index !== undefined)
    .sort((a, b) => a - b);
}
