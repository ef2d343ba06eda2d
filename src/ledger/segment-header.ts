import { equalBytes, utf8 } from '../std/index.ts';
import { crc32c } from './crc32c.ts';

/** Bytes before the first frame of a segment. */
export const SEGMENT_HEADER_BYTES = 32;
export const SEGMENT_SALT_BYTES = 12;

/** What a segment file says of itself. */
export interface SegmentHeader {
  /** Leaf index of the segment's first frame. */
  readonly firstIndex: number;
  /** 12 random bytes that enter every frame's checksum: bytes that a peer made can't pass for a frame. */
  readonly salt: Uint8Array;
}

const MAGIC = utf8('LSLEDG\u0000\u0001');
const INDEX_AT = 8;
const SALT_AT = 16;
const CHECKSUM_AT = SALT_AT + SEGMENT_SALT_BYTES;
const NAME = /^([0-9]{16})\.seg$/;

/** Layout: magic (8) ‖ firstIndex (u64) ‖ salt (12) ‖ CRC-32C of what precedes (u32), integers big-endian. */
export function encodeSegmentHeader({ firstIndex, salt }: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(INDEX_AT, BigInt(firstIndex));
  bytes.set(salt, SALT_AT);
  view.setUint32(CHECKSUM_AT, crc32c(bytes.subarray(0, CHECKSUM_AT)));
  return bytes;
}

/** The header at the start of a segment; undefined when it is damaged. */
export function decodeSegmentHeader(segment: Uint8Array): SegmentHeader | undefined {
  if (segment.length < SEGMENT_HEADER_BYTES) return undefined;
  const view = new DataView(segment.buffer, segment.byteOffset, SEGMENT_HEADER_BYTES);
  const firstIndex = Number(view.getBigUint64(INDEX_AT));
  const intact =
    equalBytes(segment.subarray(0, INDEX_AT), MAGIC) &&
    view.getUint32(CHECKSUM_AT) === crc32c(segment.subarray(0, CHECKSUM_AT)) &&
    Number.isSafeInteger(firstIndex);
  return intact ? { firstIndex, salt: segment.slice(SALT_AT, CHECKSUM_AT) } : undefined;
}

/** File name of a segment: its first leaf index in 16 digits, and `.seg`. */
export function segmentName(firstIndex: number): string {
  return `${String(firstIndex).padStart(16, '0')}.seg`;
}

/** The first leaf index in a segment's file name; undefined for other names. */
export function parseSegmentName(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  const firstIndex = Number(digits);
  return Number.isSafeInteger(firstIndex) ? firstIndex : undefined;
}
