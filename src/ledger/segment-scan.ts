import { FRAME_HEADER_BYTES, frameEnd, readFrame, type Frame } from './frame.ts';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.ts';

/** What follows the last frame that can be reached from the start of a segment. */
export type SegmentEnd =
  /** Nothing but the zeros of preallocation. */
  | { readonly kind: 'clean'; readonly offset: number }
  /**
   * The remains of one batch that was never reported durable: a crash explains it.
   * `written`: offset after the last byte that is not zero. `whole`: the first broken frame is all there, so that
   * no interrupted write explains it, only one of which a later part arrived first.
   */
  | {
      readonly kind: 'torn';
      readonly offset: number;
      readonly written: number;
      readonly whole: boolean;
      /** What may be the body of the broken frame, or nothing; a view. */
      readonly remains: Uint8Array;
    }
  /** Bytes that had been durable are no longer what they were. */
  | {
      readonly kind: 'damaged';
      readonly offset: number;
      readonly reason: string;
      /** As for `torn`. */
      readonly remains: Uint8Array;
    };

export interface SegmentScan {
  /** Undefined when it is damaged; then there are no frames. */
  readonly header: SegmentHeader | undefined;
  /** Intact frames from the start up to `end.offset`. */
  readonly frames: readonly Frame[];
  readonly end: SegmentEnd;
}

/** Checksums computed in search of frames after a broken one, as a multiple of the segment's size. */
const RESYNC_BUDGET = 4;

/**
 * Finds the frames of a segment and decides what its end is. A break is `torn` only if no frame after it proves, by
 * its `batchStart`, that the bytes at the break were durable once; `damaged` also when looking for such a frame
 * costs more than its budget. Never throws.
 */
export function scanSegment(segment: Uint8Array): SegmentScan {
  const header = decodeSegmentHeader(segment);
  if (header === undefined) {
    return { header, frames: [], end: damage(segment, 0, 'the segment header is damaged') };
  }
  const frames: Frame[] = [];
  let offset = SEGMENT_HEADER_BYTES;
  let batchStart = -1;
  for (;;) {
    const reading = readFrame(segment, offset, header.salt);
    if (!reading.ok) return { header, frames, end: judgeBreak(segment, offset, reading.reason, header.salt) };
    const { frame } = reading;
    if (frame.batchStart !== batchStart && frame.batchStart !== offset) {
      return { header, frames, end: damage(segment, offset, 'the frame belongs to another place') };
    }
    frames.push(frame);
    batchStart = frame.batchStart;
    offset = frameEnd(frame);
  }
}

function judgeBreak(segment: Uint8Array, offset: number, reason: string, salt: Uint8Array): SegmentEnd {
  const written = endOfData(segment);
  if (written <= offset) return { kind: 'clean', offset };
  let budget = RESYNC_BUDGET * segment.length;
  let next: number | undefined;
  for (let at = offset + 1; at + FRAME_HEADER_BYTES < written; at++) {
    const reading = readFrame(segment, at, salt);
    if (reading.ok) next ??= at;
    if (reading.ok && reading.frame.batchStart > offset) return damage(segment, offset, reason, next);
    budget -= reading.ok ? reading.frame.body.length : reading.hashedBytes;
    if (budget < 0) return damage(segment, offset, `${reason}, and what follows looks made up`);
  }
  const remains = remainsOf(segment, offset, next);
  return { kind: 'torn', offset, written, whole: isWhole(segment, offset, written), remains };
}

function damage(segment: Uint8Array, offset: number, reason: string, next?: number): SegmentEnd {
  return { kind: 'damaged', offset, reason, remains: remainsOf(segment, offset, next) };
}

/** What may be the body at `offset`: up to the next intact frame, or as long as its header says. */
function remainsOf(segment: Uint8Array, offset: number, next?: number): Uint8Array {
  const begin = offset + FRAME_HEADER_BYTES;
  if (offset < SEGMENT_HEADER_BYTES || begin > segment.length) return new Uint8Array(0);
  const length = new DataView(segment.buffer, segment.byteOffset + offset).getUint32(0);
  const end = next ?? begin + length;
  return begin < end && end <= segment.length ? segment.subarray(begin, end) : new Uint8Array(0);
}

/** True when the frame at `offset`, if its length is right, ends within the data. */
function isWhole(segment: Uint8Array, offset: number, written: number): boolean {
  if (offset + FRAME_HEADER_BYTES > written) return false;
  const length = new DataView(segment.buffer, segment.byteOffset + offset).getUint32(0);
  return offset + FRAME_HEADER_BYTES + length <= written;
}

function endOfData(segment: Uint8Array): number {
  let end = segment.length;
  while (end > 0 && segment[end - 1] === 0) end -= 1;
  return end;
}
