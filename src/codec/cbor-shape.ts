import { ok } from '../std/index.ts';
import type { Fault, Result } from '../std/index.ts';
import {
  readArray,
  readBytes,
  readList,
  readNullable,
  readText,
  readUint,
  refuseField,
} from './cbor-read.ts';
import type { CborValue } from './cbor-value.ts';

/**
 * Both directions of one kind of value in one place, so that what is written and what is read can't drift apart.
 * `decode` checks every bound; `encode` trusts its argument.
 */
export interface Shape<T> {
  encode(value: T): CborValue;
  /** `field` names the value in errors (LS_CBOR_FIELD_TYPE, LS_CBOR_FIELD_RANGE). */
  decode(value: CborValue | undefined, field: string): Result<T, Fault>;
}

/** For every field of `T` its shape, in the order the fields have on the wire. */
export type FieldShapes<T> = { readonly [K in keyof T]-?: Shape<T[K]> };

export function uintShape(max: number, min = 0): Shape<number> {
  return { encode: (value) => value, decode: (value, field) => readUint(value, max, field, min) };
}

/** A byte string of exactly `min` bytes, or of `min` to `max`. */
export function bytesShape(min: number, max = min): Shape<Uint8Array> {
  return { encode: (value) => value, decode: (value, field) => readBytes(value, min, max, field) };
}

export function textShape(maxBytes: number): Shape<string> {
  return { encode: (value) => value, decode: (value, field) => readText(value, maxBytes, field) };
}

export function nullableShape<T>(shape: Shape<T>): Shape<T | null> {
  return {
    encode: (value) => (value === null ? null : shape.encode(value)),
    decode: (value, field) => readNullable(value, (present) => shape.decode(present, field)),
  };
}

export function listShape<T>(shape: Shape<T>, min: number, max: number): Shape<readonly T[]> {
  return {
    encode: (values) => values.map((value) => shape.encode(value)),
    decode: (value, field) => {
      const list = readList(value, min, max, field);
      if (!list.ok) return list;
      const decoded: T[] = [];
      for (const [index, element] of list.value.entries()) {
        const one = shape.decode(element, field);
        // Names are made for refusals only: a roster has tens of thousands of fields.
        if (!one.ok) return shape.decode(element, `${field}[${String(index)}]`) as typeof one;
        decoded.push(one.value);
      }
      return ok(decoded);
    },
  };
}

/** One of a closed set of words, each with its number on the wire. */
export function choiceShape<T extends string>(codes: Readonly<Record<T, number>>): Shape<T> {
  const words = Object.keys(codes) as T[];
  const wordOf = new Map(words.map((word) => [codes[word], word]));
  return {
    encode: (word) => codes[word],
    decode: (value, field) => {
      const code = readUint(value, Number.MAX_SAFE_INTEGER, field);
      if (!code.ok) return code;
      const word = wordOf.get(code.value);
      return word === undefined ? refuseField(field, `unknown code ${String(code.value)}`) : ok(word);
    },
  };
}

/**
 * A value with a wire form and an inner form. `parse` answers undefined for a wire value that is not allowed;
 * `expected` then says what would have been.
 * Requires: `parse` is injective, or records that use it are refused when they don't re-encode to themselves.
 */
export function mappedShape<Wire, T>(
  wire: Shape<Wire>,
  parse: (value: Wire) => T | undefined,
  format: (value: T) => Wire,
  expected: string,
): Shape<T> {
  return {
    encode: (value) => wire.encode(format(value)),
    decode: (value, field) => {
      const raw = wire.decode(value, field);
      if (!raw.ok) return raw;
      const parsed = parse(raw.value);
      return parsed === undefined ? refuseField(field, `expected ${expected}`) : ok(parsed);
    },
  };
}

/** A fixed-length array whose elements are the named fields of `T`. */
export function tupleShape<T extends object>(fields: FieldShapes<T>): Shape<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return {
    encode: (value) => names.map((name) => fields[name].encode(value[name])),
    decode: (value, field) => {
      const elements = readArray(value, names.length, field);
      if (!elements.ok) return elements;
      const decoded: Partial<T> = {};
      for (const [index, name] of names.entries()) {
        const one = fields[name].decode(elements.value[index], field);
        if (!one.ok) return fields[name].decode(elements.value[index], `${field}.${name}`) as typeof one;
        decoded[name] = one.value;
      }
      return ok(decoded as T);
    },
  };
}
