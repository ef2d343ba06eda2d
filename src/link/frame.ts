import { err, fault, ok, type Fault, type Result } from '../std/index.ts';

/** Longest body of a frame once the link is up: the largest record. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** Longest body before the peer's hello: enough for a hello or a bye, little for a stranger to make us hold. */
export const MAX_FRAME_BYTES_BEFORE_HELLO = 4 * 1024;
/** The length in front of every body: unsigned, 32 bits, big-endian. */
export const FRAME_HEADER_BYTES = 4;

const MIN_CAPACITY_BYTES = 1024;
/** An empty buffer larger than this is given back. */
const KEPT_CAPACITY_BYTES = 64 * 1024;

/** The length, then the body. Throws RangeError for an empty or oversize body, which would be a bug of ours. */
export function encodeFrame(body: Uint8Array): Uint8Array {
  if (body.length === 0 || body.length > MAX_FRAME_BYTES) {
    throw new RangeError(`a frame cannot hold ${String(body.length)} bytes`);
  }
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  viewOf(frame).setUint32(0, body.length);
  frame.set(body, FRAME_HEADER_BYTES);
  return frame;
}

/**
 * Cuts a byte stream into frame bodies, however the stream was chunked. The caller takes bodies one at a time,
 * because the first one decides how large the next may be. Holds at most one incomplete frame and one chunk, in
 * at most twice as much memory as has arrived.
 */
export class FrameReader {
  #buffer = new Uint8Array(MIN_CAPACITY_BYTES);
  #start = 0;
  #end = 0;

  /** Bytes received and not yet taken. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  /** Takes the next bytes of the stream. Take all complete bodies with {@link next} before the next push. */
  push(chunk: Uint8Array): void {
    this.#reserve(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next complete body (a copy), or null when more bytes are needed.
   * Fails with LS_LINK_FRAME_SIZE as soon as the length of an empty or oversize body is known, before the body is
   * waited for. After a failure the stream has no frame boundary any more: close the connection.
   */
  next(maxBytes: number): Result<Uint8Array | null, Fault> {
    if (this.buffered < FRAME_HEADER_BYTES) return ok(null);
    const length = viewOf(this.#buffer).getUint32(this.#start);
    if (length === 0 || length > maxBytes) {
      const detail = `a frame of ${String(length)} bytes, allowed are 1 to ${String(maxBytes)}`;
      return err(fault('LS_LINK_FRAME_SIZE', detail));
    }
    if (this.buffered < FRAME_HEADER_BYTES + length) return ok(null);
    const bodyStart = this.#start + FRAME_HEADER_BYTES;
    const body = this.#buffer.slice(bodyStart, bodyStart + length);
    this.#start = bodyStart + length;
    if (this.buffered === 0) this.#reset();
    return ok(body);
  }

  #reserve(bytes: number): void {
    const needed = this.buffered + bytes;
    if (this.#end + bytes <= this.#buffer.length) return;
    const held = this.#buffer.subarray(this.#start, this.#end);
    const room = needed <= this.#buffer.length / 2 ? this.#buffer : new Uint8Array(capacityFor(needed));
    room.set(held);
    this.#buffer = room;
    this.#end -= this.#start;
    this.#start = 0;
  }

  #reset(): void {
    this.#start = 0;
    this.#end = 0;
    if (this.#buffer.length > KEPT_CAPACITY_BYTES) this.#buffer = new Uint8Array(MIN_CAPACITY_BYTES);
  }
}

function capacityFor(bytes: number): number {
  let capacity = MIN_CAPACITY_BYTES;
  while (capacity < bytes) capacity *= 2;
  return capacity;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
