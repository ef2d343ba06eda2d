import { describe, expect, it } from 'vitest';
import type { Fault, Result } from '../../../../src/std/index.ts';
import { decodeCbor, encodeCbor, isCborArray, type CborValue } from '../../../../src/codec/index.ts';
import { RECORD_TYPES } from '../../../../src/heartbeat/index.ts';
import { fieldCases, withField, type FieldCase } from '../../../support/record-fields.ts';
import { recordSamples, type RecordSample } from '../../../support/record-samples.ts';
import { hex, unsignedRecord, valuesOfEveryKind } from '../../../support/raw-cbor.ts';
import { valueOf } from '../../../support/result.ts';

const wide = { maxBytes: 1 << 20, maxDepth: 9, maxItems: 9999 };

function payloadOf(sample: RecordSample): readonly CborValue[] {
  const payload = valueOf(decodeCbor(sample.encodeBody(), wide));
  return isCborArray(payload) ? payload : [];
}

/** `LS_RECORD_MALFORMED < LS_CBOR_FIELD_TYPE`: the code and its causes. */
function codesOf(result: Result<unknown, Fault>): string {
  if (result.ok) return 'accepted';
  const codes: string[] = [];
  for (let at: Fault | undefined = result.error; at !== undefined; at = at.cause) codes.push(at.code);
  return codes.join(' < ');
}

const kindOf = (value: CborValue | undefined): string =>
  Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'object'
        ? value.constructor.name
        : typeof value;

it('every record type has a sample, and every field of it a case', () => {
  expect(recordSamples.map((sample) => sample.type).sort()).toEqual([...RECORD_TYPES].sort());
  for (const sample of recordSamples) expect(sample.fields).toEqual(Object.keys(fieldCases[sample.type]));
});

describe.each(recordSamples.map((sample) => [sample.type, sample] as const))(
  'a record of type %s',
  (type, sample) => {
    const payload = payloadOf(sample);
    const cases = Object.entries<FieldCase>(fieldCases[type]);
    const decodeWith = (field: string, value: CborValue) =>
      sample.decode(unsignedRecord(withField(payload, sample.fields, field, value)));

    it('is read as it was written', () => {
      const decoded = valueOf(sample.decode(unsignedRecord(payload)));
      expect(decoded.type).toBe(type);
      expect(decoded.bytes).toEqual(unsignedRecord(payload));
      expect(decoded.body.certId).toBe(sample.certId);
    });

    it.each(cases)('allows %s up to its bounds', (field, { good, nullable }) => {
      for (const value of nullable ? [...good, null] : good) {
        expect(codesOf(decodeWith(field, value)), JSON.stringify(value)).toBe('accepted');
      }
    });

    it.each(cases)('refuses %s beyond its bounds', (field, { bad }) => {
      for (const value of bad) {
        expect(codesOf(decodeWith(field, value)), JSON.stringify(value)).toMatch(/^LS_RECORD_MALFORMED/);
      }
    });

    it.each(cases)('refuses %s of every other kind', (field, { good, nullable }) => {
      for (const [name, value] of valuesOfEveryKind) {
        if (kindOf(value) === kindOf(good[0]) || (value === null && nullable)) continue;
        expect(codesOf(decodeWith(field, value)), name).toBe('LS_RECORD_MALFORMED < LS_CBOR_FIELD_TYPE');
      }
    });

    it.each(cases)('refuses to be without %s', (field) => {
      const index = sample.fields.indexOf(field) + 1;
      const without = payload.toSpliced(index, 1);
      expect(codesOf(sample.decode(unsignedRecord(without)))).toBe(
        'LS_RECORD_MALFORMED < LS_CBOR_FIELD_RANGE',
      );
    });

    it('refuses one field more', () => {
      for (const extra of [0, null, new Map()]) {
        const decoded = sample.decode(unsignedRecord([...payload, extra]));
        expect(codesOf(decoded)).toBe('LS_RECORD_MALFORMED < LS_CBOR_FIELD_RANGE');
      }
    });

    it('refuses every version but 1', () => {
      for (const version of [0, 2, -1, 'one', null, hex('01')]) {
        expect(codesOf(sample.decode(unsignedRecord(payload.with(0, version))))).toBe('LS_RECORD_VERSION');
      }
      expect(codesOf(sample.decode(unsignedRecord([])))).toBe('LS_RECORD_VERSION');
    });

    it('refuses a payload that is no array', () => {
      for (const value of [1, null, new Map([[0, 1]]), 'x']) {
        expect(codesOf(sample.decode(unsignedRecord(value)))).toBe('LS_RECORD_MALFORMED');
      }
    });

    it('refuses a payload that is not deterministic CBOR', () => {
      const body = encodeCbor(payload);
      const longVersion = new Uint8Array([body[0] ?? 0, 0x18, 0x01, ...body.subarray(2)]);
      const indefinite = new Uint8Array([0x9f, ...body.subarray(1), 0xff]);
      const floatVersion = new Uint8Array([body[0] ?? 0, 0xf9, 0x3c, 0x00, ...body.subarray(2)]);
      const tagged = new Uint8Array([0xc1, ...body]);
      const trailing = new Uint8Array([...body, 0x00]);
      expect(codesOf(sample.decode(unsignedRecord(longVersion)))).toMatch(/< LS_CBOR_NOT_CANONICAL$/);
      expect(codesOf(sample.decode(unsignedRecord(indefinite)))).toMatch(/< LS_CBOR_UNSUPPORTED$/);
      expect(codesOf(sample.decode(unsignedRecord(floatVersion)))).toMatch(/< LS_CBOR_UNSUPPORTED$/);
      expect(codesOf(sample.decode(unsignedRecord(tagged)))).toMatch(/< LS_CBOR_UNSUPPORTED$/);
      expect(codesOf(sample.decode(unsignedRecord(trailing)))).toMatch(/< LS_CBOR_TRAILING$/);
    });

    it('refuses to be cut off at any byte, outside and inside', () => {
      const body = encodeCbor(payload);
      const whole = unsignedRecord(body);
      for (let length = 0; length < whole.length; length++) {
        expect(codesOf(sample.decode(whole.subarray(0, length)))).toBe(
          'LS_RECORD_MALFORMED < LS_CBOR_TRUNCATED',
        );
      }
      for (let length = 0; length < body.length; length++) {
        const cut = sample.decode(unsignedRecord(body.slice(0, length)));
        expect(codesOf(cut)).toBe('LS_RECORD_MALFORMED < LS_CBOR_TRUNCATED');
      }
    });

    it('is not decoded at all when it is one byte above its cap', () => {
      expect(codesOf(sample.decode(new Uint8Array(sample.maxBytes + 1)))).toBe('LS_RECORD_TOO_LARGE');
      expect(codesOf(sample.decode(new Uint8Array(sample.maxBytes)))).toMatch(/^LS_RECORD_MALFORMED </);
    });

    it('keeps no hold of the bytes it was read from', () => {
      const bytes = Buffer.from(unsignedRecord(payload));
      const decoded = valueOf(sample.decode(bytes));
      bytes.fill(0);
      expect(decoded.bytes).toEqual(unsignedRecord(payload));
    });
  },
);
