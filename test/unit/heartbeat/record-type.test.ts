import { expect, it } from 'vitest';
import {
  externalAad,
  RECORD_TYPES,
  recordContext,
  recordTypeCode,
  recordTypeOfCode,
} from '../../../src/heartbeat/index.ts';
import { otherDomain, sampleDomain } from '../../support/record-samples.ts';

it('every record type has one code and one context of its own', () => {
  for (const type of RECORD_TYPES) expect(recordTypeOfCode(recordTypeCode(type))).toBe(type);
  expect(RECORD_TYPES.map(recordTypeCode)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(new Set(RECORD_TYPES.map(recordContext)).size).toBe(RECORD_TYPES.length);
});

it('an unknown code has no type', () => {
  for (const code of [-1, 9, 0.5, Number.NaN]) expect(recordTypeOfCode(code)).toBeUndefined();
});

it('the external data of every type and domain differs', () => {
  const all = RECORD_TYPES.flatMap((type) => [
    externalAad(type, sampleDomain),
    externalAad(type, otherDomain),
  ]);
  expect(new Set(all.map((aad) => Buffer.from(aad).toString('hex'))).size).toBe(2 * RECORD_TYPES.length);
  expect(Buffer.from(externalAad('leave', sampleDomain)).subarray(0, -32).toString()).toBe(
    'lifesign/v1/leave',
  );
});
