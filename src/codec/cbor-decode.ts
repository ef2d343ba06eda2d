import { err, fault, fromUtf8, ok } from '../std/index.ts';
import type { Fault, FaultCode, Result } from '../std/index.ts';
import { compareCborKeys, MAJOR, SIMPLE_FALSE, SIMPLE_NULL, SIMPLE_TRUE } from './cbor-value.ts';
import type { CborLimits, CborMap, CborValue } from './cbor-value.ts';

const UINT32_RANGE = 0x1_0000_0000;
const MAJOR_MASK = 0xe0;
const ARGUMENT_MASK = 0x1f;
const INDEFINITE = 31;

/**
 * Reads one hostile CBOR item. Accepts exactly what `encodeCbor` writes: shortest form, map keys unique and in order,
 * valid UTF-8, nothing after the item; so whatever is accepted encodes to the same bytes again.
 *
 * Byte strings in the result are copies. Errors: LS_CBOR_*.
 * Source: RFC 8949 §4.2.1, §5.2 (validity).
 */
export function decodeCbor(bytes: Uint8Array, limits: CborLimits): Result<CborValue, Fault> {
  if (bytes.length > limits.maxBytes) {
    const detail = `${String(bytes.length)} bytes, at most ${String(limits.maxBytes)} are read`;
    return err(fault('LS_CBOR_TOO_LARGE', detail));
  }
  const decoder = new Decoder(bytes, limits);
  const value = decoder.item(0);
  decoder.end();
  return decoder.failure === undefined ? ok(value) : err(decoder.failure);
}

/** The first failure sticks; after it every method returns at once and its value is meaningless. */
class Decoder {
  failure: Fault | undefined;
  private readonly bytes: Uint8Array;
  private readonly limits: CborLimits;
  private offset = 0;
  private items = 0;

  constructor(bytes: Uint8Array, limits: CborLimits) {
    // A view of its own, so that slice() copies even when the caller hands in a subclass such as Buffer.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.limits = limits;
  }

  item(depth: number): CborValue {
    this.items += 1;
    if (this.items > this.limits.maxItems) {
      return this.fail('LS_CBOR_LIMIT', `more than ${String(this.limits.maxItems)} items`);
    }
    const initial = this.byte();
    if (this.failure !== undefined) return null;
    switch (initial & MAJOR_MASK) {
      case MAJOR.unsigned:
        return this.argument(initial);
      case MAJOR.negative:
        return this.negative(initial);
      case MAJOR.bytes:
        return this.run(initial).slice();
      case MAJOR.text:
        return this.text(initial);
      case MAJOR.array:
        return this.array(initial, depth + 1);
      case MAJOR.map:
        return this.map(initial, depth + 1);
      case MAJOR.tag:
        return this.fail('LS_CBOR_UNSUPPORTED', 'a tag');
      default:
        return this.simple(initial);
    }
  }

  end(): void {
    if (this.offset < this.bytes.length) {
      this.fail('LS_CBOR_TRAILING', `${String(this.bytes.length - this.offset)} bytes after the item`);
    }
  }

  private negative(initial: number): number {
    const value = -1 - this.argument(initial);
    if (!Number.isSafeInteger(value))
      this.fail('LS_CBOR_INTEGER_RANGE', 'a negative integer below -(2^53 - 1)');
    return value;
  }

  private text(initial: number): string {
    const text = fromUtf8(this.run(initial));
    if (text === undefined) this.fail('LS_CBOR_UTF8', 'text that is not UTF-8');
    return text ?? '';
  }

  private array(initial: number, depth: number): readonly CborValue[] {
    const length = this.enter(initial, depth, 1);
    const elements: CborValue[] = [];
    while (elements.length < length && this.failure === undefined) elements.push(this.item(depth));
    return elements;
  }

  private map(initial: number, depth: number): CborMap {
    const size = this.enter(initial, depth, 2);
    const map = new Map<number, CborValue>();
    let previous: number | undefined;
    for (let i = 0; i < size && this.failure === undefined; i++) {
      const key = this.key(previous, depth);
      map.set(key, this.item(depth));
      previous = key;
    }
    return map;
  }

  private key(previous: number | undefined, depth: number): number {
    const key = this.item(depth);
    if (this.failure !== undefined) return 0;
    if (typeof key !== 'number') {
      this.fail('LS_CBOR_UNSUPPORTED', 'a map key that is not an integer');
      return 0;
    }
    const order = previous === undefined ? -1 : compareCborKeys(previous, key);
    if (order === 0) this.fail('LS_CBOR_DUPLICATE_KEY', `map key ${String(key)} twice`);
    if (order > 0) this.fail('LS_CBOR_NOT_CANONICAL', `map key ${String(key)} out of order`);
    return key;
  }

  private simple(initial: number): CborValue {
    if (initial === SIMPLE_FALSE) return false;
    if (initial === SIMPLE_TRUE) return true;
    if (initial === SIMPLE_NULL) return null;
    return this.fail('LS_CBOR_UNSUPPORTED', 'a float, break or simple value other than false, true and null');
  }

  /** Length of a container; refused early when not even the smallest elements could follow. */
  private enter(initial: number, depth: number, itemsPerElement: number): number {
    const length = this.argument(initial);
    if (depth > this.limits.maxDepth) {
      this.fail('LS_CBOR_LIMIT', `nested deeper than ${String(this.limits.maxDepth)}`);
    }
    if (length * itemsPerElement > this.bytes.length - this.offset) this.truncated();
    return length;
  }

  private run(initial: number): Uint8Array {
    const length = this.argument(initial);
    const end = this.offset + length;
    if (end > this.bytes.length) this.truncated();
    if (this.failure !== undefined) return this.bytes.subarray(0, 0);
    const run = this.bytes.subarray(this.offset, end);
    this.offset = end;
    return run;
  }

  /** The argument of an initial byte (RFC 8949 §3), refused unless it is written in the shortest form. */
  private argument(initial: number): number {
    const info = initial & ARGUMENT_MASK;
    if (info < 24) return info;
    if (info > 27) {
      const what = info === INDEFINITE ? 'an indefinite length' : 'a reserved additional-information value';
      this.fail('LS_CBOR_UNSUPPORTED', what);
      return 0;
    }
    const width = 1 << (info - 24);
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 0x100 + this.byte();
    if (this.failure !== undefined) return 0;
    if (!Number.isSafeInteger(value)) this.fail('LS_CBOR_INTEGER_RANGE', 'an integer above 2^53 - 1');
    const shortest = [24, 0x100, 0x1_0000, UINT32_RANGE][info - 24] ?? 0;
    if (value < shortest)
      this.fail('LS_CBOR_NOT_CANONICAL', 'an integer or length that is not in its shortest form');
    return value;
  }

  private byte(): number {
    const byte = this.bytes[this.offset];
    if (byte === undefined) {
      this.truncated();
      return 0;
    }
    this.offset += 1;
    return byte;
  }

  private truncated(): void {
    this.fail('LS_CBOR_TRUNCATED', 'the bytes end inside an item');
  }

  private fail(code: FaultCode, what: string): null {
    this.failure ??= fault(code, `${what}, at byte ${String(this.offset)}`);
    return null;
  }
}
