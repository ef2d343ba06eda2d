import { describe, expect, it } from 'vitest';
import {
  derBoolean,
  derElement,
  derSequence,
  derTag,
  readDer,
  type DerReader,
} from '../../../../src/codec/index.ts';
import { codeOf, refusalOf, valueOf } from '../../../support/result.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const read = <T>(hex: string, f: (reader: DerReader) => T) => readDer('thing', bytes(hex), 1000, f);

describe('readDer', () => {
  it('reads a nested structure to its end', () => {
    const value = read('30 08 02 01 05 01 01 ff 05 00', (reader) =>
      reader.sequence((body) => {
        const number = body.unsigned(10);
        const flag = body.boolean();
        body.null();
        return { number, flag };
      }),
    );
    expect(valueOf(value)).toEqual({ number: 5, flag: true });
  });

  it('names the structure and the position in its refusal', () => {
    const refused = read('30 03 02 01 0b', (reader) => reader.sequence((body) => body.unsigned(10)));
    expect(refusalOf(refused)).toMatch(/^LS_DER_INTEGER: thing: .* byte 5$/);
  });

  it('lets exceptions that are no refusals through', () => {
    const bug = () =>
      read('05 00', () => {
        throw new SyntaxError('bug');
      });
    expect(bug).toThrow(SyntaxError);
  });

  const refusals: readonly [string, string, string, (reader: DerReader) => unknown][] = [
    ['nothing at all', '', 'LS_DER_TRUNCATED', (r) => r.any()],
    ['a tag without a length', '30', 'LS_DER_TRUNCATED', (r) => r.any()],
    ['a length that is cut off', '30 82 01', 'LS_DER_TRUNCATED', (r) => r.any()],
    ['content that is cut off', '04 03 00 00', 'LS_DER_TRUNCATED', (r) => r.any()],
    [
      'a member longer than its parent',
      '30 03 04 02 00 00',
      'LS_DER_TRUNCATED',
      (r) => r.sequence((b) => b.any()),
    ],
    [
      'bytes after the structure',
      '05 00 00',
      'LS_DER_TRAILING',
      (r) => {
        r.null();
      },
    ],
    [
      'bytes after the last member',
      '30 04 05 00 05 00',
      'LS_DER_TRAILING',
      (r) => {
        r.sequence((b) => {
          b.null();
        });
      },
    ],
    ['an indefinite length', '30 80 00 00', 'LS_DER_LENGTH', (r) => r.any()],
    ['a long form for a short length', '04 81 01 00', 'LS_DER_LENGTH', (r) => r.any()],
    ['a length with a leading zero', `04 82 00 80 ${'00'.repeat(128)}`, 'LS_DER_LENGTH', (r) => r.any()],
    ['a length of five bytes', '04 85 01 00 00 00 00', 'LS_DER_LENGTH', (r) => r.any()],
    ['a tag number above 30', '1f 81 01 00', 'LS_DER_TAG', (r) => r.any()],
    ['another tag', '04 00', 'LS_DER_TAG', (r) => r.sequence(() => 0)],
    ['the end where an element belongs', '30 00', 'LS_DER_TAG', (r) => r.sequence((b) => b.boolean())],
    ['a constructed OCTET STRING', '24 04 04 02 00 00', 'LS_DER_TAG', (r) => r.octetString()],
    ['a BOOLEAN that is not canonical', '01 01 01', 'LS_DER_BOOLEAN', (r) => r.boolean()],
    ['a BOOLEAN of two bytes', '01 02 ff ff', 'LS_DER_BOOLEAN', (r) => r.boolean()],
    ['an explicit DEFAULT FALSE', '01 01 00', 'LS_DER_BOOLEAN', (r) => r.booleanDefaultFalse()],
    ['an INTEGER without content', '02 00', 'LS_DER_INTEGER', (r) => r.integerBytes(4)],
    ['a padded positive INTEGER', '02 02 00 7f', 'LS_DER_INTEGER', (r) => r.integerBytes(4)],
    ['a padded negative INTEGER', '02 02 ff 80', 'LS_DER_INTEGER', (r) => r.integerBytes(4)],
    ['an INTEGER longer than allowed', '02 03 01 00 00', 'LS_DER_INTEGER', (r) => r.integerBytes(2)],
    ['a negative INTEGER as unsigned', '02 01 80', 'LS_DER_INTEGER', (r) => r.unsigned(1000)],
    ['an INTEGER beyond its maximum', '02 01 0b', 'LS_DER_INTEGER', (r) => r.unsigned(10)],
    [
      'an INTEGER beyond safe numbers',
      '02 08 00 20 00 00 00 00 00 00',
      'LS_DER_INTEGER',
      (r) => r.unsigned(Number.MAX_SAFE_INTEGER),
    ],
    [
      'an ENUMERATED that is not minimal',
      '0a 02 00 01',
      'LS_DER_INTEGER',
      (r) => r.unsigned(9, derTag.enumerated),
    ],
    ['a BIT STRING without content', '03 00', 'LS_DER_BIT_STRING', (r) => r.bitStringBytes()],
    ['a BIT STRING with unused bits', '03 02 01 02', 'LS_DER_BIT_STRING', (r) => r.bitStringBytes()],
    ['eight unused bits', '03 02 08 80', 'LS_DER_BIT_STRING', (r) => r.namedBits(9)],
    ['unused bits of no byte', '03 01 01', 'LS_DER_BIT_STRING', (r) => r.namedBits(9)],
    ['unused bits that are set', '03 02 07 81', 'LS_DER_BIT_STRING', (r) => r.namedBits(9)],
    ['a named bit list with trailing zero bits', '03 02 00 80', 'LS_DER_BIT_STRING', (r) => r.namedBits(9)],
    [
      'a named bit list with a trailing zero byte',
      '03 03 00 80 00',
      'LS_DER_BIT_STRING',
      (r) => r.namedBits(9),
    ],
    ['a bit beyond the list', '03 03 06 00 40', 'LS_DER_BIT_STRING', (r) => r.namedBits(9)],
    [
      'a NULL with content',
      '05 01 00',
      'LS_DER_NULL',
      (r) => {
        r.null();
      },
    ],
    ['an empty OBJECT IDENTIFIER', '06 00', 'LS_DER_OID', (r) => r.oid()],
    ['an OBJECT IDENTIFIER that ends inside an arc', '06 02 2a 86', 'LS_DER_OID', (r) => r.oid()],
    ['an OBJECT IDENTIFIER with a padded arc', '06 03 2a 80 01', 'LS_DER_OID', (r) => r.oid()],
    [
      'a SET OF out of order',
      '31 06 02 01 02 02 01 01',
      'LS_DER_SET_ORDER',
      (r) => r.setOf(0, 9, (m) => m.unsigned(9)),
    ],
    ['fewer elements than allowed', '30 00', 'LS_DER_COUNT', (r) => r.sequenceOf(1, 9, (m) => m.any())],
    [
      'more elements than allowed',
      '30 04 05 00 05 00',
      'LS_DER_COUNT',
      (r) => r.sequenceOf(0, 1, (m) => m.any()),
    ],
    [
      'GeneralizedTime for 2049',
      `18 0f ${Buffer.from('20491231235959Z').toString('hex')}`,
      'LS_DER_TIME',
      (r) => r.time(),
    ],
    ['another type for a time', '05 00', 'LS_DER_TIME', (r) => r.time()],
  ];

  it.each(refusals)('refuses %s', (_, hex, code, f) => {
    expect(codeOf(read(hex, f))).toBe(code);
  });

  it('refuses more bytes than its cap and reads as many', () => {
    const der = derElement(derTag.octetString, new Uint8Array(98));
    expect(codeOf(readDer('thing', der, 99, (reader) => reader.octetString()))).toBe('LS_DER_TOO_LARGE');
    expect(codeOf(readDer('thing', der, 100, (reader) => reader.octetString()))).toBeUndefined();
  });

  it('refuses nesting one deeper than its bound and reads the bound', () => {
    const nested = (depth: number): Uint8Array =>
      Array.from({ length: depth }).reduce<Uint8Array>((inner) => derSequence(inner), derBoolean(true));
    const descend = (reader: DerReader): boolean =>
      reader.peek() === derTag.sequence ? reader.sequence(descend) : reader.boolean();
    expect(codeOf(readDer('thing', nested(20), 1000, descend))).toBeUndefined();
    expect(codeOf(readDer('thing', nested(21), 1000, descend))).toBe('LS_DER_DEPTH');
  });

  it('reads what lies in the middle of a larger buffer', () => {
    const within = bytes('ff 02 01 07 ff').subarray(1, 4);
    expect(valueOf(readDer('thing', within, 10, (reader) => reader.unsigned(9)))).toBe(7);
  });
});
