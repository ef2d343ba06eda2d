import {
  compareBytes,
  err,
  fault,
  ok,
  type Fault,
  type FaultCode,
  type Result,
  type UnixMs,
} from '../../std/index.ts';
import { decodeOid } from './oid.ts';
import { DerRefusal } from './refusal.ts';
import { contextConstructed, derTag } from './tags.ts';
import { decodeGeneralizedTime, decodeUtcTime, isUtcTimeYear } from './time.ts';
import { decodeNamedBits, isMinimalInteger, unsignedOf } from './values.ts';

const UTC_TIME_BYTES = 13;
/** How deep constructed elements may nest. A certificate with directory names in its SAN needs 12. */
export const MAX_DER_DEPTH = 20;

/** One tag-length-value; both arrays are views into the bytes that are read. */
export interface DerElement {
  readonly tag: number;
  /** Tag, length and content. */
  readonly der: Uint8Array;
  /** Content only. */
  readonly body: Uint8Array;
}

/**
 * Reads `bytes` as exactly one DER structure: nothing may follow what `read` consumes.
 * `what` names the structure in faults. Values returned by the reader are views into `bytes`, so the caller
 * must not change them afterwards.
 * Errors: LS_DER_*, and whatever `read` throws through {@link DerReader.refusal}.
 * Source: X.690 §10 and §11 (DER).
 */
export function readDer<T>(
  what: string,
  bytes: Uint8Array,
  maxBytes: number,
  read: (reader: DerReader) => T,
): Result<T, Fault> {
  if (bytes.length > maxBytes) {
    return err(fault('LS_DER_TOO_LARGE', `${what}: ${bytes.length} bytes, at most ${maxBytes} are read`));
  }
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    const reader = new DerReader(what, plain, 0, plain.length, 0);
    const value = read(reader);
    reader.finish();
    return ok(value);
  } catch (error) {
    if (error instanceof DerRefusal) return err(error.fault);
    throw error;
  }
}

/** A cursor over consecutive DER elements. Every method refuses (throws a refusal for `readDer`) what is not strict DER. */
export class DerReader {
  readonly #what: string;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #depth: number;
  #offset: number;

  /** Use {@link readDer}; sub-readers come from {@link constructed}. */
  constructor(what: string, bytes: Uint8Array, start: number, end: number, depth: number) {
    this.#what = what;
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
    this.#depth = depth;
  }

  /** The refusal to throw when a structure is well-formed DER but says something it must not. */
  refusal(code: FaultCode, detail: string): DerRefusal {
    return new DerRefusal(fault(code, `${this.#what}: ${detail} at byte ${this.#offset}`));
  }

  get atEnd(): boolean {
    return this.#offset === this.#end;
  }

  /** Position of the next element in the outermost bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** Identifier octet of the next element; undefined at the end. */
  peek(): number | undefined {
    return this.atEnd ? undefined : this.#bytes[this.#offset];
  }

  /** Refuses anything left over. */
  finish(): void {
    if (!this.atEnd) throw this.refusal('LS_DER_TRAILING', `${this.#end - this.#offset} bytes left over`);
  }

  /** The next element, whatever it is. Its content is not checked. */
  any(): DerElement {
    const start = this.#offset;
    const contentStart = this.#header();
    const end = this.#offset;
    return {
      tag: this.#bytes[start] ?? 0,
      der: this.#bytes.subarray(start, end),
      body: this.#bytes.subarray(contentStart, end),
    };
  }

  element(tag: number): DerElement {
    this.#expect(tag);
    return this.any();
  }

  /** Reads the content of the next element with `read`, to its end. */
  constructed<T>(tag: number, read: (reader: DerReader) => T): T {
    this.#expect(tag);
    if (this.#depth >= MAX_DER_DEPTH)
      throw this.refusal('LS_DER_DEPTH', `nested deeper than ${MAX_DER_DEPTH}`);
    const contentStart = this.#header();
    const inner = new DerReader(this.#what, this.#bytes, contentStart, this.#offset, this.#depth + 1);
    const value = read(inner);
    inner.finish();
    return value;
  }

  sequence<T>(read: (reader: DerReader) => T): T {
    return this.constructed(derTag.sequence, read);
  }

  /** `[number] EXPLICIT`, or IMPLICIT over a constructed type. */
  context<T>(number: number, read: (reader: DerReader) => T): T {
    return this.constructed(contextConstructed(number), read);
  }

  /** What `read` returns, and the bytes it consumed. */
  captured<T>(read: (reader: DerReader) => T): { readonly value: T; readonly der: Uint8Array } {
    const start = this.#offset;
    const value = read(this);
    return { value, der: this.#bytes.subarray(start, this.#offset) };
  }

  /** `read` when the next element has this tag, else undefined. */
  optional<T>(tag: number, read: (reader: DerReader) => T): T | undefined {
    return this.peek() === tag ? read(this) : undefined;
  }

  /** Elements up to the end of this reader. Refuses fewer than `min` and more than `max`. */
  list<T>(min: number, max: number, read: (reader: DerReader) => T): T[] {
    const items: T[] = [];
    while (!this.atEnd) {
      if (items.length >= max) throw this.refusal('LS_DER_COUNT', `more than ${max} elements`);
      items.push(read(this));
    }
    if (items.length < min) throw this.refusal('LS_DER_COUNT', `fewer than ${min} elements`);
    return items;
  }

  sequenceOf<T>(min: number, max: number, read: (reader: DerReader) => T): T[] {
    return this.sequence((inner) => inner.list(min, max, read));
  }

  /** Refuses members that are not in ascending order of their encodings. Source: X.690 §11.6. */
  setOf<T>(min: number, max: number, read: (reader: DerReader) => T): T[] {
    return this.constructed(derTag.set, (inner) => {
      let previous: Uint8Array | undefined;
      return inner.list(min, max, (reader) => {
        const { value, der: current } = reader.captured(read);
        if (previous !== undefined && compareBytes(previous, current) > 0) {
          throw reader.refusal('LS_DER_SET_ORDER', 'SET OF members out of order');
        }
        previous = current;
        return value;
      });
    });
  }

  boolean(): boolean {
    const { body } = this.element(derTag.boolean);
    if (body.length !== 1 || (body[0] !== 0x00 && body[0] !== 0xff)) {
      throw this.refusal('LS_DER_BOOLEAN', 'BOOLEAN that is neither 00 nor FF');
    }
    return body[0] === 0xff;
  }

  /** BOOLEAN DEFAULT FALSE: absent is false, and false must be absent. Source: X.690 §11.5. */
  booleanDefaultFalse(tag: number = derTag.boolean): boolean {
    if (this.peek() !== tag) return false;
    const { body } = this.element(tag);
    if (body.length !== 1 || body[0] !== 0xff) {
      throw this.refusal('LS_DER_BOOLEAN', 'BOOLEAN DEFAULT FALSE that is not TRUE');
    }
    return true;
  }

  /** Content of an INTEGER of at most `maxBytes` bytes, in minimal two's complement. Source: X.690 §8.3.2. */
  integerBytes(maxBytes: number, tag: number = derTag.integer): Uint8Array {
    const { body } = this.element(tag);
    if (!isMinimalInteger(body)) throw this.refusal('LS_DER_INTEGER', 'INTEGER that is empty or not minimal');
    if (body.length > maxBytes)
      throw this.refusal('LS_DER_INTEGER', `INTEGER of more than ${maxBytes} bytes`);
    return body;
  }

  /** A non-negative INTEGER up to `max`. Requires: max <= Number.MAX_SAFE_INTEGER. */
  unsigned(max: number, tag: number = derTag.integer): number {
    const value = unsignedOf(this.integerBytes(8, tag));
    if (value === undefined || value > max)
      throw this.refusal('LS_DER_INTEGER', `INTEGER outside 0 to ${max}`);
    return value;
  }

  /** Content of a BIT STRING of whole bytes. */
  bitStringBytes(): Uint8Array {
    const { body } = this.element(derTag.bitString);
    if (body[0] !== 0) throw this.refusal('LS_DER_BIT_STRING', 'BIT STRING that is not of whole bytes');
    return body.subarray(1);
  }

  /** Positions of the set bits of a named BIT STRING, ascending. Source: X.690 §11.2. */
  namedBits(maxBits: number, tag: number = derTag.bitString): number[] {
    const positions = decodeNamedBits(this.element(tag).body);
    if (positions === undefined || (positions.at(-1) ?? 0) >= maxBits) {
      throw this.refusal('LS_DER_BIT_STRING', `BIT STRING that is not a minimal list of ${maxBits} bits`);
    }
    return positions;
  }

  octetString(): Uint8Array {
    return this.element(derTag.octetString).body;
  }

  /** Reads the content of an OCTET STRING as DER. */
  octetStringOf<T>(read: (reader: DerReader) => T): T {
    return this.constructed(derTag.octetString, read);
  }

  null(): void {
    if (this.element(derTag.null).body.length !== 0) throw this.refusal('LS_DER_NULL', 'NULL with content');
  }

  /** Dotted. */
  oid(tag: number = derTag.oid): string {
    const text = decodeOid(this.element(tag).body);
    if (text === undefined) throw this.refusal('LS_DER_OID', 'malformed OBJECT IDENTIFIER');
    return text;
  }

  /** UTCTime through 2049, GeneralizedTime from 2050, whole seconds, Z. Source: RFC 5280 §4.1.2.5. */
  time(): UnixMs {
    const { tag, body } = this.any();
    const value =
      tag === derTag.utcTime && body.length === UTC_TIME_BYTES
        ? decodeUtcTime(body)
        : tag === derTag.generalizedTime
          ? decodeGeneralizedTime(body)
          : undefined;
    if (value === undefined) throw this.refusal('LS_DER_TIME', 'malformed time');
    if (tag === derTag.generalizedTime && isUtcTimeYear(value)) {
      throw this.refusal('LS_DER_TIME', 'GeneralizedTime for a year that UTCTime can express');
    }
    return value;
  }

  /** GeneralizedTime of any year, whole seconds, Z. */
  generalizedTime(): UnixMs {
    const value = decodeGeneralizedTime(this.element(derTag.generalizedTime).body);
    if (value === undefined) throw this.refusal('LS_DER_TIME', 'malformed GeneralizedTime');
    return value;
  }

  #expect(tag: number): void {
    const found = this.peek();
    if (found === tag) return;
    const name = found === undefined ? 'the end' : `0x${found.toString(16).padStart(2, '0')}`;
    throw this.refusal('LS_DER_TAG', `tag 0x${tag.toString(16).padStart(2, '0')} expected, found ${name}`);
  }

  /** Steps over the next element; returns where its content starts. Source: X.690 §10.1. */
  #header(): number {
    const tag = this.#bytes[this.#offset];
    if (tag === undefined || this.#offset + 2 > this.#end)
      throw this.refusal('LS_DER_TRUNCATED', 'no element');
    if ((tag & 0x1f) === 0x1f) throw this.refusal('LS_DER_TAG', 'tag number above 30');
    const first = this.#bytes[this.#offset + 1] ?? 0;
    const contentStart = this.#offset + (first < 0x80 ? 2 : 2 + (first & 0x7f));
    const length = first < 0x80 ? first : this.#longLength(first & 0x7f);
    if (length > this.#end - contentStart)
      throw this.refusal('LS_DER_TRUNCATED', 'element longer than its parent');
    this.#offset = contentStart + length;
    return contentStart;
  }

  #longLength(count: number): number {
    if (count === 0) throw this.refusal('LS_DER_LENGTH', 'indefinite length');
    if (count > 4) throw this.refusal('LS_DER_LENGTH', 'length of more than 4 bytes');
    if (this.#offset + 2 + count > this.#end) throw this.refusal('LS_DER_TRUNCATED', 'length cut off');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (this.#bytes[this.#offset + 2 + i] ?? 0);
    if (length < 0x80 || length < 256 ** (count - 1))
      throw this.refusal('LS_DER_LENGTH', 'length not minimal');
    return length;
  }
}
