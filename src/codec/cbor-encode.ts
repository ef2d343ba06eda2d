import { utf8 } from '../std/index.ts';
import { compareCborKeys, isCborArray, MAJOR, SIMPLE_FALSE, SIMPLE_NULL, SIMPLE_TRUE } from './cbor-value.ts';
import type { CborMap, CborValue } from './cbor-value.ts';

const UINT32_RANGE = 0x1_0000_0000;
/** Enough for a slim heartbeat without growing. */
const INITIAL_BYTES = 256;
const MAX_HEAD_BYTES = 9;

/**
 * Deterministic CBOR: one value has exactly one encoding.
 *
 * Requires: integers are safe integers and text is well-formed Unicode; a RangeError says that the caller has a bug.
 * Source: RFC 8949 §4.2.1.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const encoder = new Encoder();
  encoder.write(value);
  return encoder.finish();
}

/** What stands before the bytes of a byte string: for those who do not copy them behind it. Requires: a length. */
export function cborBytesHead(length: number): Uint8Array {
  const encoder = new Encoder();
  encoder.head(MAJOR.bytes, length);
  return encoder.finish();
}

class Encoder {
  private buffer = new Uint8Array(INITIAL_BYTES);
  private length = 0;

  finish(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  write(value: CborValue): void {
    if (typeof value === 'number') this.integer(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'boolean') this.head(value ? SIMPLE_TRUE : SIMPLE_FALSE, 0);
    else if (value === null) this.head(SIMPLE_NULL, 0);
    else if (value instanceof Uint8Array) this.run(MAJOR.bytes, value);
    else if (isCborArray(value)) {
      this.head(MAJOR.array, value.length);
      for (const element of value) this.write(element);
    } else this.map(value);
  }

  private integer(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`CBOR: ${String(value)} is not a safe integer`);
    if (value < 0) this.head(MAJOR.negative, -1 - value);
    else this.head(MAJOR.unsigned, value);
  }

  private text(value: string): void {
    if (!value.isWellFormed()) throw new RangeError('CBOR: text with a lone surrogate has no UTF-8 form');
    this.run(MAJOR.text, utf8(value));
  }

  private map(map: CborMap): void {
    this.head(MAJOR.map, map.size);
    for (const [key, value] of [...map].sort(([a], [b]) => compareCborKeys(a, b))) {
      this.integer(key);
      this.write(value);
    }
  }

  private run(major: number, bytes: Uint8Array): void {
    this.head(major, bytes.length);
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Initial byte and argument in the shortest form. */
  head(major: number, argument: number): void {
    this.reserve(MAX_HEAD_BYTES);
    const width =
      argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < UINT32_RANGE ? 4 : 8;
    if (width === 0) {
      this.buffer[this.length++] = major | argument;
      return;
    }
    this.buffer[this.length] = major | (24 + Math.log2(width));
    let rest = argument;
    for (let at = this.length + width; at > this.length; at--) {
      this.buffer[at] = rest % 0x100;
      rest = Math.floor(rest / 0x100);
    }
    this.length += 1 + width;
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.buffer.length));
    larger.set(this.buffer);
    this.buffer = larger;
  }
}
