import { describe, expect, it } from 'vitest';
import { derElement, derGeneralizedTime, derTag, derTime, readDer } from '../../../../src/codec/index.ts';
import { unixMs } from '../../../../src/std/index.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const element = (tag: number, text: string): Uint8Array => derElement(tag, new TextEncoder().encode(text));
const time = (tag: number, text: string) =>
  readDer('time', element(tag, text), 40, (reader) => reader.time());

describe('times', () => {
  it.each([
    [derTag.utcTime, '500101000000Z', '1950-01-01T00:00:00Z'],
    [derTag.utcTime, '991231235959Z', '1999-12-31T23:59:59Z'],
    [derTag.utcTime, '000229120000Z', '2000-02-29T12:00:00Z'],
    [derTag.utcTime, '491231235959Z', '2049-12-31T23:59:59Z'],
    [derTag.generalizedTime, '20500101000000Z', '2050-01-01T00:00:00Z'],
    [derTag.generalizedTime, '99991231235959Z', '9999-12-31T23:59:59Z'],
    [derTag.generalizedTime, '19490101000000Z', '1949-01-01T00:00:00Z'],
  ])('reads and writes 0x%s %s', (tag, text, iso) => {
    expect(valueOf(time(tag, text))).toBe(Date.parse(iso));
    expect(derTime(unixMs(Date.parse(iso)))).toEqual(element(tag, text));
  });

  it.each([
    ['no seconds', derTag.utcTime, '2501010000Z'],
    ['an offset', derTag.utcTime, '250101000000+0100'],
    ['no Z', derTag.utcTime, '2501010000000'],
    ['a fraction', derTag.generalizedTime, '20500101000000.5Z'],
    ['local time', derTag.generalizedTime, '20500101000000'],
    ['month 0', derTag.utcTime, '250001000000Z'],
    ['month 13', derTag.utcTime, '251301000000Z'],
    ['day 0', derTag.utcTime, '250100000000Z'],
    ['29 February of a common year', derTag.utcTime, '250229000000Z'],
    ['29 February 2100', derTag.generalizedTime, '21000229000000Z'],
    ['31 April', derTag.utcTime, '250431000000Z'],
    ['hour 24', derTag.utcTime, '250101240000Z'],
    ['minute 60', derTag.utcTime, '250101006000Z'],
    ['second 60', derTag.utcTime, '250101000060Z'],
    ['a letter in the year', derTag.utcTime, 'A50101000000Z'],
    ['a letter in the month', derTag.utcTime, '25A101000000Z'],
    ['a letter in the second', derTag.utcTime, '2501010000A0Z'],
    ['GeneralizedTime before 2050', derTag.generalizedTime, '20250101000000Z'],
    ['nothing', derTag.utcTime, ''],
  ])('refuses %s', (_, tag, text) => {
    expect(codeOf(time(tag, text))).toBe('LS_DER_TIME');
  });

  it('rounds down to a second', () => {
    expect(derTime(unixMs(1999))).toEqual(derTime(unixMs(1000)));
  });

  it('reads GeneralizedTime of any year where the field is always GeneralizedTime', () => {
    const der = derGeneralizedTime(unixMs(Date.parse('2025-06-01T00:00:00Z')));
    expect(valueOf(readDer('time', der, 40, (reader) => reader.generalizedTime()))).toBe(
      Date.parse('2025-06-01T00:00:00Z'),
    );
  });

  it('does not write a year beyond 9999', () => {
    expect(() => derTime(unixMs(253_402_300_800_000))).toThrow(RangeError);
  });
});
