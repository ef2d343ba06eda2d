import { crc32cFinish, crc32cStart, crc32cUpdate } from './crc32c.ts';
import { MAX_ENTRY_BYTES } from './entry-codec.ts';

/** Bytes before the body of a frame. */
export const FRAME_HEADER_BYTES = 13;

/** The one kind of frame of format version 1: the body of one ledger entry. */
const ENTRY_FRAME = 0x11;
const CHECKSUM_AT = 4;
const KIND_AT = 8;
const BATCH_AT = 9;

/** An intact frame found in a segment. */
export interface Frame {
  /** Offset of the frame in its segment, in bytes. */
  readonly offset: number;
  /** Offset of the first frame that was written together with this one: all before it was durable by then. */
  readonly batchStart: number;
  /** A view, not a copy. */
  readonly body: Uint8Array;
}

/** Offset of the first byte after a frame. */
export function frameEnd(frame: Frame): number {
  return frame.offset + FRAME_HEADER_BYTES + frame.body.length;
}

/**
 * A frame's checksum is taken over the body first, so that this part can be computed before its place is known; of a body in
 * pieces one after the other, each with what came `before`.
 */
export function bodyChecksum(body: Uint8Array, before: number = crc32cStart()): number {
  return crc32cUpdate(before, body);
}

/**
 * Writes a frame into `target` at `at` and returns the offset after it.
 * Layout: length of the body (u32) ‖ CRC-32C (u32) ‖ kind (u8, 0x11) ‖ batchStart (u32) ‖ body, big-endian;
 * the checksum covers body ‖ length ‖ kind ‖ batchStart ‖ salt of the segment.
 */
export function writeFrame(
  target: Uint8Array,
  at: number,
  frame: { readonly body: Uint8Array; readonly bodyChecksum: number; readonly batchStart: number },
  salt: Uint8Array,
): number {
  const { body, bodyChecksum, batchStart } = frame;
  const header = { bodyBytes: body.length, bodyChecksum, batchStart };
  const bodyAt = writeFrameHeader(target, at, header, salt);
  target.set(body, bodyAt);
  return bodyAt + body.length;
}

/** What stands before the body in {@link writeFrame}, and where it begins: for a body that is not copied. */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  frame: { readonly bodyBytes: number; readonly bodyChecksum: number; readonly batchStart: number },
  salt: Uint8Array,
): number {
  const view = new DataView(target.buffer, target.byteOffset + at, FRAME_HEADER_BYTES);
  view.setUint32(0, frame.bodyBytes);
  view.setUint8(KIND_AT, ENTRY_FRAME);
  view.setUint32(BATCH_AT, frame.batchStart);
  view.setUint32(CHECKSUM_AT, finishChecksum(frame.bodyChecksum, target, at, salt));
  return at + FRAME_HEADER_BYTES;
}

/** What stands at an offset: an intact frame, or the reason why not, with the bytes that finding out took. */
export type FrameReading =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly reason: string; readonly hashedBytes: number };

/** Reads the frame at `offset` of a segment; never throws. */
export function readFrame(segment: Uint8Array, offset: number, salt: Uint8Array): FrameReading {
  if (offset + FRAME_HEADER_BYTES > segment.length) return broken('the header is cut off');
  if (segment[offset + KIND_AT] !== ENTRY_FRAME) return broken('unknown kind of frame');
  const view = new DataView(segment.buffer, segment.byteOffset + offset, FRAME_HEADER_BYTES);
  const length = view.getUint32(0);
  const batchStart = view.getUint32(BATCH_AT);
  const end = offset + FRAME_HEADER_BYTES + length;
  if (length === 0 || length > MAX_ENTRY_BYTES || end > segment.length) return broken('impossible length');
  const bodyState = crc32cUpdate(crc32cStart(), segment, offset + FRAME_HEADER_BYTES, end);
  if (finishChecksum(bodyState, segment, offset, salt) !== view.getUint32(CHECKSUM_AT)) {
    return broken('wrong checksum', length);
  }
  const body = segment.subarray(offset + FRAME_HEADER_BYTES, end);
  return { ok: true, frame: { offset, batchStart, body } };
}

function finishChecksum(bodyState: number, target: Uint8Array, at: number, salt: Uint8Array): number {
  const length = crc32cUpdate(bodyState, target, at, at + CHECKSUM_AT);
  const header = crc32cUpdate(length, target, at + KIND_AT, at + FRAME_HEADER_BYTES);
  return crc32cFinish(crc32cUpdate(header, salt));
}

function broken(reason: string, hashedBytes = 0): FrameReading {
  return { ok: false, reason, hashedBytes };
}
