import { concatBytes, utf8 } from '../std/index.ts';
import { compareCborKeys, isCborArray, MAJOR, SIMPLE_FALSE, SIMPLE_NULL, SIMPLE_TRUE } from './cbor-value.ts';
import type { CborMap, CborValue } from './cbor-value.ts';

const UINT32_RANGE = 0x1_0000_0000;

/**
 * Deterministic CBOR: one value has exactly one encoding.
 *
 * Requires: integers are safe integers and text is well-formed Unicode; a RangeError says that the caller has a bug.
 * Source: RFC 8949 §4.2.1.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return concatBytes(...parts);
}

function write(value: CborValue, parts: Uint8Array[]): void {
  if (typeof value === 'number') writeInteger(value, parts);
  else if (typeof value === 'string') writeText(value, parts);
  else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? SIMPLE_TRUE : SIMPLE_FALSE));
  else if (value === null) parts.push(Uint8Array.of(SIMPLE_NULL));
  else if (value instanceof Uint8Array) parts.push(head(MAJOR.bytes, value.length), value);
  else if (isCborArray(value)) {
    parts.push(head(MAJOR.array, value.length));
    for (const element of value) write(element, parts);
  } else writeMap(value, parts);
}

function writeInteger(value: number, parts: Uint8Array[]): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`CBOR: ${String(value)} is not a safe integer`);
  parts.push(value < 0 ? head(MAJOR.negative, -1 - value) : head(MAJOR.unsigned, value));
}

function writeText(value: string, parts: Uint8Array[]): void {
  if (!value.isWellFormed()) throw new RangeError('CBOR: text with a lone surrogate has no UTF-8 form');
  const bytes = utf8(value);
  parts.push(head(MAJOR.text, bytes.length), bytes);
}

function writeMap(map: CborMap, parts: Uint8Array[]): void {
  parts.push(head(MAJOR.map, map.size));
  for (const [key, value] of [...map].sort(([a], [b]) => compareCborKeys(a, b))) {
    writeInteger(key, parts);
    write(value, parts);
  }
}

/** Initial byte and argument in the shortest form. */
function head(major: number, argument: number): Uint8Array {
  if (argument < 24) return Uint8Array.of(major | argument);
  if (argument < 0x100) return Uint8Array.of(major | 24, argument);
  if (argument < 0x1_0000) return Uint8Array.of(major | 25, argument >>> 8, argument);
  if (argument < UINT32_RANGE) {
    return Uint8Array.of(major | 26, argument >>> 24, argument >>> 16, argument >>> 8, argument);
  }
  const bytes = new Uint8Array(9);
  bytes[0] = major | 27;
  const view = new DataView(bytes.buffer);
  view.setUint32(1, Math.floor(argument / UINT32_RANGE));
  view.setUint32(5, argument % UINT32_RANGE);
  return bytes;
}
