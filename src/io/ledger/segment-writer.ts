import {
  encodeSegmentHeader,
  FRAME_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  SEGMENT_SALT_BYTES,
  writeFrame,
  writeFrameHeader,
} from '../../ledger/index.ts';
import type { Random } from '../../std/index.ts';
import { LARGE_BODY_BYTES } from './large-body.ts';
import type { LedgerFile, LedgerFs } from './ledger-fs.ts';
import { NEW_SUFFIX, segmentPath, type LedgerLayout } from './layout.ts';

/** A body and the part of its frame's checksum that does not depend on its place. */
export interface PreparedBody {
  /** All of it, or its first piece where it is large. */
  readonly body: Uint8Array;
  /** The other pieces. */
  readonly rest: readonly Uint8Array[];
  /** Of all pieces. */
  readonly bytes: number;
  readonly bodyChecksum: number;
}

export interface SegmentSizes {
  readonly segmentBytes: number;
  readonly preallocateBytes: number;
}

/** The segment that is appended to. Not concurrent: each call waits for the one before. */
export class SegmentWriter {
  readonly #file: LedgerFile;
  readonly #salt: Uint8Array;
  readonly #sizes: SegmentSizes;
  /** Offset after the last durable frame. */
  #end: number;
  /** Size of the file; zeros from #end to here. */
  #allocated: number;

  constructor(
    file: LedgerFile,
    salt: Uint8Array,
    sizes: SegmentSizes,
    at: { end: number; allocated: number },
  ) {
    this.#file = file;
    this.#salt = salt;
    this.#sizes = sizes;
    this.#end = at.end;
    this.#allocated = at.allocated;
  }

  /** Makes the segment that begins with leaf `firstIndex`, durable and in its place before it is used. */
  static async create(
    fs: LedgerFs,
    layout: LedgerLayout,
    firstIndex: number,
    sizes: SegmentSizes,
    random: Random,
  ): Promise<SegmentWriter> {
    const path = segmentPath(layout, firstIndex);
    const fresh = `${path}${NEW_SUFFIX}`;
    await fs.remove(fresh);
    const salt = random.bytes(SEGMENT_SALT_BYTES);
    const start = new Uint8Array(Math.max(sizes.preallocateBytes, SEGMENT_HEADER_BYTES));
    start.set(encodeSegmentHeader({ firstIndex, salt }));
    const file = await fs.open(fresh);
    try {
      await file.write(start, 0);
      await file.datasync();
      await fs.rename(fresh, path);
      await fs.syncDir(layout.segments);
    } catch (cause) {
      await file.close().catch(() => undefined);
      await fs.remove(fresh).catch(() => undefined);
      throw cause;
    }
    return new SegmentWriter(file, salt, sizes, { end: SEGMENT_HEADER_BYTES, allocated: start.length });
  }

  /** Bytes of frames that may still go into this segment. */
  get room(): number {
    return Math.max(0, this.#sizes.segmentBytes - this.#end);
  }

  /** True when frames of `bytes` bytes in all may go into this segment; an empty one takes any. */
  accepts(bytes: number): boolean {
    return bytes <= this.room || this.#end === SEGMENT_HEADER_BYTES;
  }

  /**
   * Writes the frames of one batch behind the last durable one; nothing counts before {@link commit}.
   * When it rejects, {@link undo} must be called.
   */
  async write(bodies: readonly PreparedBody[]): Promise<WrittenBatch> {
    const end = this.#end + framedBytes(bodies);
    const writes = this.#framed(bodies);
    if (end > this.#allocated) await this.#grow(end);
    let at = this.#end;
    for (const bytes of writes) {
      await this.#file.write(bytes, at);
      at += bytes.length;
    }
    return { end };
  }

  /** Makes a written batch durable. When it rejects, nothing is known of the file any more. */
  async commit(batch: WrittenBatch): Promise<void> {
    await this.#file.datasync();
    this.#end = batch.end;
  }

  /** Removes what a failed write left, durably, and all preallocated space with it. */
  async undo(): Promise<void> {
    await this.#file.truncate(this.#end);
    this.#allocated = this.#end;
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #grow(end: number): Promise<void> {
    const step = this.#sizes.preallocateBytes;
    const size = Math.max(end, Math.ceil(end / step) * step);
    await this.#file.write(new Uint8Array(size - this.#allocated), this.#allocated);
    this.#allocated = size;
  }

  /** What is to be written, one after the other: frames together, but large bodies from where they lie. */
  #framed(bodies: readonly PreparedBody[]): readonly Uint8Array[] {
    if (!bodies.some(isLarge)) return [this.#frame(bodies)];
    const writes: Uint8Array[] = [];
    let from = 0;
    for (const [at, prepared] of bodies.entries()) {
      if (!isLarge(prepared)) continue;
      if (at > from) writes.push(this.#frame(bodies.slice(from, at)));
      writes.push(this.#headerOf(prepared), prepared.body, ...prepared.rest);
      from = at + 1;
    }
    if (from < bodies.length) writes.push(this.#frame(bodies.slice(from)));
    return writes;
  }

  #headerOf({ bytes: bodyBytes, bodyChecksum }: PreparedBody): Uint8Array {
    const header = new Uint8Array(FRAME_HEADER_BYTES);
    writeFrameHeader(header, 0, { bodyBytes, bodyChecksum, batchStart: this.#end }, this.#salt);
    return header;
  }

  #frame(bodies: readonly PreparedBody[]): Uint8Array {
    const frames = new Uint8Array(framedBytes(bodies));
    let at = 0;
    for (const { body, bodyChecksum } of bodies) {
      at = writeFrame(frames, at, { body, bodyChecksum, batchStart: this.#end }, this.#salt);
    }
    return frames;
  }
}

export interface WrittenBatch {
  /** Offset after the batch. */
  readonly end: number;
}

function isLarge({ bytes }: PreparedBody): boolean {
  return bytes > LARGE_BODY_BYTES;
}

/** Bytes of these bodies with their frames. */
function framedBytes(bodies: readonly PreparedBody[]): number {
  return bodies.reduce((sum, { bytes }) => sum + FRAME_HEADER_BYTES + bytes, 0);
}
