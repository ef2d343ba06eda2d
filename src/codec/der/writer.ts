import { compareBytes, utf8, type UnixMs } from '../../std/index.ts';
import { encodeOid } from './oid.ts';
import { contextConstructed, derTag } from './tags.ts';
import { timeLength, writeGeneralizedTime, writeTime } from './time.ts';

/** One element: tag, minimal definite length, and the parts joined as content. Source: X.690 §10.1. */
export function derElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const element = new Uint8Array(headerBytes(length) + length);
  let at = writeHeader(element, tag, length);
  for (const part of parts) at = copyInto(element, at, part);
  return element;
}

/** Up to here a loop is faster than `set`, which most elements are short enough for. */
const SHORT_PART = 24;

/** Returns the position after what was copied. */
function copyInto(target: Uint8Array, at: number, part: Uint8Array): number {
  if (part.length > SHORT_PART) target.set(part, at);
  else for (let i = 0; i < part.length; i++) target[at + i] = part[i] ?? 0;
  return at + part.length;
}

/** Tag and length of an element whose content has `length` bytes. Requires: length < 2^32. */
export function derHeader(tag: number, length: number): Uint8Array {
  const header = new Uint8Array(headerBytes(length));
  writeHeader(header, tag, length);
  return header;
}

function headerBytes(length: number): number {
  return 2 + (length < 0x80 ? 0 : lengthBytes(length));
}

function lengthBytes(length: number): number {
  return length < 0x100 ? 1 : length < 0x1_0000 ? 2 : length < 0x100_0000 ? 3 : 4;
}

/** Writes to the beginning of `target` and returns the position after the header. */
function writeHeader(target: Uint8Array, tag: number, length: number): number {
  target[0] = tag;
  if (length < 0x80) {
    target[1] = length;
    return 2;
  }
  const count = lengthBytes(length);
  target[1] = 0x80 | count;
  for (let i = 0; i < count; i++) target[1 + count - i] = Math.floor(length / 256 ** i) & 0xff;
  return 2 + count;
}

export function derSequence(...members: readonly Uint8Array[]): Uint8Array {
  return derElement(derTag.sequence, ...members);
}

/** Sorts the members as DER demands. Source: X.690 §11.6. */
export function derSetOf(...members: readonly Uint8Array[]): Uint8Array {
  return derElement(derTag.set, ...members.toSorted(compareBytes));
}

/** `[number] EXPLICIT`, or IMPLICIT over a constructed type whose content the parts are. */
export function derContext(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return derElement(contextConstructed(number), ...parts);
}

export function derBoolean(value: boolean): Uint8Array {
  return Uint8Array.of(derTag.boolean, 1, value ? 0xff : 0x00);
}

/** Requires: a safe non-negative integer. */
export function derUnsigned(value: number, tag: number = derTag.integer): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an unsigned integer: ${value}`);
  const bytes: number[] = [];
  for (let left = value; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return derMagnitude(Uint8Array.from(bytes), tag);
}

/** A non-negative INTEGER from its big-endian magnitude, leading zeros allowed. */
export function derMagnitude(magnitude: Uint8Array, tag: number = derTag.integer): Uint8Array {
  let start = 0;
  while (start < magnitude.length && magnitude[start] === 0) start++;
  const digits = magnitude.subarray(start);
  return (digits[0] ?? 0x80) >= 0x80 ? derElement(tag, ZERO, digits) : derElement(tag, digits);
}

/** A BIT STRING of whole bytes. */
export function derBitString(bytes: Uint8Array): Uint8Array {
  return derElement(derTag.bitString, ZERO, bytes);
}

/** A named bit list: trailing zero bits are dropped. Source: X.690 §11.2.2. */
export function derNamedBits(positions: Iterable<number>, tag: number = derTag.bitString): Uint8Array {
  const sorted = [...positions].toSorted((a, b) => a - b);
  const last = sorted.at(-1);
  if (last === undefined) return derElement(tag, ZERO);
  const content = new Uint8Array(2 + (last >> 3));
  content[0] = 7 - (last & 7);
  for (const bit of sorted) content[1 + (bit >> 3)] = (content[1 + (bit >> 3)] ?? 0) | (0x80 >> (bit & 7));
  return derElement(tag, content);
}

export function derOctetString(...parts: readonly Uint8Array[]): Uint8Array {
  return derElement(derTag.octetString, ...parts);
}

export function derNull(): Uint8Array {
  return Uint8Array.of(derTag.null, 0);
}

export function derOid(dotted: string): Uint8Array {
  const known = encodedOids.get(dotted);
  if (known !== undefined) return known;
  const der = derElement(derTag.oid, encodeOid(dotted));
  if (encodedOids.size < MAX_ENCODED_OIDS) encodedOids.set(dotted, der);
  return der;
}

export function derUtf8String(text: string): Uint8Array {
  return derElement(derTag.utf8String, utf8(text));
}

/** Throws RangeError for characters outside PrintableString: what is written was validated before. */
export function derPrintableString(text: string): Uint8Array {
  if (!PRINTABLE.test(text)) throw new RangeError('not a PrintableString');
  return derElement(derTag.printableString, utf8(text));
}

/** Content bytes of an IA5String. Throws RangeError for characters beyond ASCII. */
export function ia5Bytes(text: string): Uint8Array {
  if (!ASCII.test(text)) throw new RangeError('not an IA5String');
  return utf8(text);
}

/** UTCTime through 2049, else GeneralizedTime; rounded down to a second. Source: RFC 5280 §4.1.2.5. */
export function derTime(time: UnixMs): Uint8Array {
  const der = new Uint8Array(timeLength(time));
  writeTime(new DataView(der.buffer), 0, time);
  return der;
}

/** Throws RangeError for a year that has not four digits. */
export function derGeneralizedTime(time: UnixMs): Uint8Array {
  const der = new Uint8Array(GENERALIZED_TIME_BYTES);
  writeGeneralizedTime(new DataView(der.buffer), 0, time);
  return der;
}

const GENERALIZED_TIME_BYTES = 17;

/** The OIDs that are written are few constants; encoding them anew took a third of the time to write a certificate. */
const MAX_ENCODED_OIDS = 256;
const encodedOids = new Map<string, Uint8Array>();

const ZERO = Uint8Array.of(0);
const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/;
const ASCII = /^\p{ASCII}*$/u;
