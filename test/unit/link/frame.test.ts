import { describe, expect, it } from 'vitest';
import {
  encodeFrame,
  FrameReader,
  MAX_FRAME_BYTES,
  MAX_FRAME_BYTES_BEFORE_HELLO,
} from '../../../src/link/index.ts';
import { concatBytes } from '../../../src/std/index.ts';

function header(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

function bodyOf(reader: FrameReader, maxBytes = MAX_FRAME_BYTES): Uint8Array | null {
  const body = reader.next(maxBytes);
  if (!body.ok) throw new Error(body.error.detail);
  return body.value;
}

describe('encodeFrame', () => {
  it('puts the length in front, big-endian', () => {
    expect(encodeFrame(new Uint8Array(258).fill(9)).subarray(0, 5)).toEqual(Uint8Array.of(0, 0, 1, 2, 9));
  });

  it('throws for an empty and for an oversize body', () => {
    expect(() => encodeFrame(new Uint8Array())).toThrow(RangeError);
    expect(() => encodeFrame(new Uint8Array(MAX_FRAME_BYTES + 1))).toThrow(RangeError);
  });
});

describe('FrameReader', () => {
  it('waits for the rest of a truncated header and of a truncated body', () => {
    const reader = new FrameReader();
    const frame = encodeFrame(Uint8Array.of(1, 2, 3));
    for (const byte of frame.subarray(0, -1)) {
      reader.push(Uint8Array.of(byte));
      expect(bodyOf(reader)).toBeNull();
    }
    reader.push(frame.subarray(-1));
    expect(bodyOf(reader)).toEqual(Uint8Array.of(1, 2, 3));
    expect(reader.buffered).toBe(0);
  });

  it('gives the frames of one chunk one at a time, each under its own limit', () => {
    const reader = new FrameReader();
    const large = new Uint8Array(MAX_FRAME_BYTES_BEFORE_HELLO + 1).fill(4);
    reader.push(concatBytes(encodeFrame(Uint8Array.of(1)), encodeFrame(large)));
    expect(bodyOf(reader, MAX_FRAME_BYTES_BEFORE_HELLO)).toEqual(Uint8Array.of(1));
    expect(bodyOf(reader)).toEqual(large);
    expect(bodyOf(reader)).toBeNull();
  });

  it('reads a frame of exactly the limit', () => {
    const reader = new FrameReader();
    reader.push(encodeFrame(new Uint8Array(MAX_FRAME_BYTES)));
    expect(bodyOf(reader)?.length).toBe(MAX_FRAME_BYTES);
  });

  it.each([0, MAX_FRAME_BYTES + 1, 0xffff_ffff])(
    'refuses a length of %i as soon as it is known',
    (length) => {
      const reader = new FrameReader();
      reader.push(header(length));
      const refused = reader.next(MAX_FRAME_BYTES);
      expect(refused).toMatchObject({ ok: false, error: { code: 'LS_LINK_FRAME_SIZE' } });
      expect(reader.buffered).toBe(4);
    },
  );

  it('refuses more than 4 KiB before the hello', () => {
    const reader = new FrameReader();
    reader.push(header(MAX_FRAME_BYTES_BEFORE_HELLO + 1));
    expect(reader.next(MAX_FRAME_BYTES_BEFORE_HELLO).ok).toBe(false);
  });

  it('gives copies, so that later bytes do not change a body', () => {
    const reader = new FrameReader();
    reader.push(encodeFrame(Uint8Array.of(5)));
    const body = bodyOf(reader);
    reader.push(encodeFrame(Uint8Array.of(6)));
    expect(body).toEqual(Uint8Array.of(5));
  });
});
