import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bodyChecksum,
  encodeSegmentHeader,
  FRAME_HEADER_BYTES,
  frameEnd,
  parseSegmentName,
  scanSegment,
  SEGMENT_HEADER_BYTES,
  segmentName,
  writeFrame,
} from '../../../src/ledger/index.ts';
import { crc32c } from '../../../src/ledger/crc32c.ts';
import { utf8 } from '../../../src/std/index.ts';

const SEGMENT_BYTES = 512;
const salt = new Uint8Array(12).fill(0xa5);
const bodies = ['first', 'second body', 'third', 'fourth one'].map(utf8);
/** Batches: first + second, then third, then fourth. */
const BATCHES = [0, 0, 1, 2];

describe('CRC-32C', () => {
  it('has the check values of RFC 3720', () => {
    expect(crc32c(utf8('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });
});

describe('the scan of a segment', () => {
  it('finds every frame and a clean end', () => {
    const scan = scanSegment(segment());
    expect(scan.frames.map(({ body }) => body)).toEqual(bodies);
    expect(scan.header).toEqual({ firstIndex: 7, salt });
    expect(scan.end).toEqual({ kind: 'clean', offset: endOf(3) });
  });

  it('finds a clean end in a segment that is full to its last byte, or empty', () => {
    expect(scanSegment(segment().slice(0, endOf(3))).end).toEqual({ kind: 'clean', offset: endOf(3) });
    expect(scanSegment(segment(0)).end).toEqual({ kind: 'clean', offset: SEGMENT_HEADER_BYTES });
  });

  it('finds damage in every byte of the header', () => {
    for (let at = 0; at < SEGMENT_HEADER_BYTES; at++) {
      const scan = scanSegment(flip(segment(), at));
      expect(scan.end).toMatchObject({ kind: 'damaged', offset: 0 });
      expect(scan.frames).toEqual([]);
    }
    expect(scanSegment(new Uint8Array(0)).end.kind).toBe('damaged');
  });

  it('finds damage in every byte of a frame that later frames prove to have been durable', () => {
    for (let at = startOf(0); at < endOf(2); at++) {
      const frame = at < endOf(0) ? 0 : at < endOf(1) ? 1 : 2;
      const scan = scanSegment(flip(segment(), at));
      expect(scan.end).toMatchObject({ kind: 'damaged', offset: startOf(frame) });
      expect(scan.frames).toHaveLength(frame);
    }
  });

  it('takes every break in the last batch for a torn write, at the first broken frame', () => {
    for (let at = startOf(3); at < endOf(3); at++) {
      const scan = scanSegment(flip(segment(), at));
      expect(scan.end).toMatchObject({ kind: 'torn', offset: startOf(3) });
    }
  });

  it('takes an early loss in the last batch for a torn write even when later frames of it arrived', () => {
    const one = buildSegment(bodies, [0, 1, 1, 1]);
    one.fill(0, startOf(1), endOf(1));
    expect(scanSegment(one).end).toMatchObject({ kind: 'torn', offset: startOf(1), whole: true });
  });

  it('tells at every length of a cut-off write that it is not whole', () => {
    for (let cut = startOf(3) + 4; cut < endOf(3); cut++) {
      const cutOff = segment();
      cutOff.fill(0, cut);
      expect(scanSegment(cutOff).end).toMatchObject({ kind: 'torn', offset: startOf(3), whole: false });
    }
  });

  it('tells that a broken frame is all there', () => {
    const altered = flip(segment(), endOf(3) - 2);
    expect(scanSegment(altered).end).toMatchObject({ kind: 'torn', offset: startOf(3), whole: true });
  });

  it('finds damage when two intact frames changed places', () => {
    const two = buildSegment([utf8('aaaa'), utf8('bbbb')], [0, 1]);
    const size = FRAME_HEADER_BYTES + 4;
    const swapped = two.slice();
    swapped.set(
      two.subarray(SEGMENT_HEADER_BYTES + size, SEGMENT_HEADER_BYTES + 2 * size),
      SEGMENT_HEADER_BYTES,
    );
    swapped.set(two.subarray(SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES + size), SEGMENT_HEADER_BYTES + size);
    expect(scanSegment(swapped).end).toMatchObject({ kind: 'damaged', offset: SEGMENT_HEADER_BYTES });
  });

  it('does not take frames of another segment for its own', () => {
    const other = buildSegment(bodies, BATCHES, new Uint8Array(12).fill(1));
    const mixed = segment(0);
    mixed.set(other.subarray(SEGMENT_HEADER_BYTES, endOf(3)), SEGMENT_HEADER_BYTES);
    const scan = scanSegment(mixed);
    expect(scan.frames).toEqual([]);
    expect(scan.end).toMatchObject({ kind: 'torn', offset: SEGMENT_HEADER_BYTES });
  });

  it('gives up, as damage, when looking for frames costs too much', () => {
    const hostile = new Uint8Array(64 * 1024);
    hostile.set(encodeSegmentHeader({ firstIndex: 0, salt }));
    const view = new DataView(hostile.buffer);
    for (
      let at = SEGMENT_HEADER_BYTES;
      at + 2 * FRAME_HEADER_BYTES < hostile.length;
      at += FRAME_HEADER_BYTES
    ) {
      view.setUint32(at, Math.max(1, hostile.length - at - 2 * FRAME_HEADER_BYTES));
      view.setUint8(at + 8, 0x11);
      view.setUint32(at + 9, at);
    }
    expect(scanSegment(hostile).end).toMatchObject({ kind: 'damaged', offset: SEGMENT_HEADER_BYTES });
  });

  it('never throws and never goes past the first altered byte', () => {
    const whole = segment();
    fc.assert(
      fc.property(fc.nat(SEGMENT_BYTES - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }), (at, noise) => {
        const altered = whole.slice();
        altered.set(noise.subarray(0, SEGMENT_BYTES - at), at);
        const first = altered.findIndex((byte, i) => byte !== whole[i]);
        const scan = scanSegment(altered);
        for (const frame of scan.frames) {
          expect(first < 0 || frameEnd(frame) <= first || frame.offset >= endOf(3)).toBe(true);
        }
      }),
    );
  });
});

describe('the name of a segment', () => {
  it('is its first index in sixteen digits', () => {
    expect(segmentName(12_345)).toBe('0000000000012345.seg');
    expect(parseSegmentName('0000000000012345.seg')).toBe(12_345);
  });

  it.each(['', '12345.seg', '0000000000012345.seg.new', '000000000001234x.seg', '9999999999999999.seg'])(
    'is not %j',
    (name) => {
      expect(parseSegmentName(name)).toBeUndefined();
    },
  );
});

function segment(count = bodies.length): Uint8Array {
  return buildSegment(bodies.slice(0, count), BATCHES);
}

function buildSegment(
  contents: readonly Uint8Array[],
  batches: readonly number[],
  frameSalt: Uint8Array = salt,
): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_BYTES);
  bytes.set(encodeSegmentHeader({ firstIndex: 7, salt }));
  let at = SEGMENT_HEADER_BYTES;
  let batchStart = at;
  for (const [i, body] of contents.entries()) {
    if (i > 0 && batches[i] !== batches[i - 1]) batchStart = at;
    at = writeFrame(bytes, at, { body, bodyChecksum: bodyChecksum(body), batchStart }, frameSalt);
  }
  return bytes;
}

function startOf(frame: number): number {
  return bodies
    .slice(0, frame)
    .reduce((offset, body) => offset + FRAME_HEADER_BYTES + body.length, SEGMENT_HEADER_BYTES);
}

function endOf(frame: number): number {
  return startOf(frame + 1);
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const altered = bytes.slice();
  altered[at] = (altered[at] ?? 0) ^ 0x40;
  return altered;
}
