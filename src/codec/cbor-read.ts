import { err, fault, ok, utf8 } from '../std/index.ts';
import type { Fault, Result } from '../std/index.ts';
import { isCborArray } from './cbor-value.ts';
import type { CborMap, CborValue } from './cbor-value.ts';

/*
 * Typed readers over decoded CBOR. Each takes the name of the field for its error and fails with LS_CBOR_FIELD_TYPE
 * (another kind of value) or LS_CBOR_FIELD_RANGE (right kind, forbidden value, length or count).
 */

/** An array of exactly `length` elements. */
export function readArray(
  value: CborValue | undefined,
  length: number,
  field: string,
): Result<readonly CborValue[], Fault> {
  return readList(value, length, length, field);
}

/** An array of `min` to `max` elements. */
export function readList(
  value: CborValue | undefined,
  min: number,
  max: number,
  field: string,
): Result<readonly CborValue[], Fault> {
  if (!isCborArray(value)) return wrongType(field, 'an array', value);
  return within(value.length, min, max) ? ok(value) : outOfRange(field, 'elements', min, max, value.length);
}

/** An integer of `min` (default 0) to `max`. */
export function readUint(
  value: CborValue | undefined,
  max: number,
  field: string,
  min = 0,
): Result<number, Fault> {
  if (typeof value !== 'number') return wrongType(field, 'an integer', value);
  return within(value, min, max) ? ok(value) : outOfRange(field, 'value', min, max, value);
}

/** A byte string of `min` to `max` bytes. */
export function readBytes(
  value: CborValue | undefined,
  min: number,
  max: number,
  field: string,
): Result<Uint8Array, Fault> {
  if (!(value instanceof Uint8Array)) return wrongType(field, 'a byte string', value);
  return within(value.length, min, max) ? ok(value) : outOfRange(field, 'bytes', min, max, value.length);
}

/** A text of at most `maxBytes` bytes of UTF-8. */
export function readText(
  value: CborValue | undefined,
  maxBytes: number,
  field: string,
): Result<string, Fault> {
  if (typeof value !== 'string') return wrongType(field, 'text', value);
  const length = utf8(value).length;
  return length <= maxBytes ? ok(value) : outOfRange(field, 'bytes of UTF-8', 0, maxBytes, length);
}

export function readBoolean(value: CborValue | undefined, field: string): Result<boolean, Fault> {
  return typeof value === 'boolean' ? ok(value) : wrongType(field, 'true or false', value);
}

/** A map of at most `maxEntries` entries. */
export function readMap(
  value: CborValue | undefined,
  maxEntries: number,
  field: string,
): Result<CborMap, Fault> {
  if (!(value instanceof Map)) return wrongType(field, 'a map', value);
  return value.size <= maxEntries ? ok(value) : outOfRange(field, 'entries', 0, maxEntries, value.size);
}

/** null, or whatever `read` accepts. */
export function readNullable<T>(
  value: CborValue | undefined,
  read: (value: CborValue | undefined) => Result<T, Fault>,
): Result<T | null, Fault> {
  return value === null ? ok(null) : read(value);
}

/** A value of the right kind that the field does not allow. */
export function refuseField(field: string, what: string): { readonly ok: false; readonly error: Fault } {
  return err(fault('LS_CBOR_FIELD_RANGE', `${field}: ${what}`));
}

function within(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

function wrongType(
  field: string,
  expected: string,
  value: CborValue | undefined,
): { readonly ok: false; readonly error: Fault } {
  return err(fault('LS_CBOR_FIELD_TYPE', `${field}: expected ${expected}, found ${kindOf(value)}`));
}

function outOfRange(
  field: string,
  unit: string,
  min: number,
  max: number,
  found: number,
): { readonly ok: false; readonly error: Fault } {
  const bounds = min === max ? String(min) : `${String(min)} to ${String(max)}`;
  return refuseField(field, `${unit} must be ${bounds}, found ${String(found)}`);
}

function kindOf(value: CborValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return 'a byte string';
  if (isCborArray(value)) return 'an array';
  if (value instanceof Map) return 'a map';
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'an integer' : 'true or false';
}
