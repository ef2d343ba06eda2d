/**
 * The CBOR subset of lifesign: what a signed record may be made of.
 * No floats, no tags, no indefinite lengths, no `undefined`; maps have integer keys only.
 * Source: RFC 8949 §4.2 (deterministic encoding).
 */
export type CborValue = number | string | boolean | null | Uint8Array | readonly CborValue[] | CborMap;
export type CborMap = ReadonlyMap<number, CborValue>;

/** What a decoder is willing to read. Bytes are checked before anything else is looked at. */
export interface CborLimits {
  readonly maxBytes: number;
  /** Arrays and maps inside one another, the outermost counted. 0 allows no container at all. */
  readonly maxDepth: number;
  /** Data items in all: the outermost one, every element, every map key and every map value. */
  readonly maxItems: number;
}

export function isCborArray(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}

/** Order of map keys by their encoded bytes: 0, 1, 2 … and then -1, -2 … Source: RFC 8949 §4.2.1. */
export function compareCborKeys(a: number, b: number): number {
  if (a < 0 !== b < 0) return a < 0 ? 1 : -1;
  return a < 0 ? b - a : a - b;
}

/** Major types (RFC 8949 §3.1), already in the place they have in the initial byte. */
export const MAJOR = {
  unsigned: 0x00,
  negative: 0x20,
  bytes: 0x40,
  text: 0x60,
  array: 0x80,
  map: 0xa0,
  tag: 0xc0,
  simple: 0xe0,
} as const;

export const SIMPLE_FALSE = 0xf4;
export const SIMPLE_TRUE = 0xf5;
export const SIMPLE_NULL = 0xf6;
