import { describe, expect, it } from 'vitest';
import { readFeedEvent } from '../../../../src/io/ca-client/answers.ts';
import {
  MAX_CERTIFICATE_CHARS,
  MAX_NAMED_CROSSES,
  MAX_NAMED_ISSUING,
  MAX_NAMED_ROOTS,
  MAX_RENEW_WITHIN_MS,
} from '../../../../src/io/ca-client/authorities.ts';
import { LsError } from '../../../../src/std/index.ts';

const DER = Buffer.from('some certificate').toString('base64');
const GOOD = {
  roots: [DER],
  crossCertificates: [],
  issuing: [DER, DER],
  active: 'ab'.repeat(32),
  renewWithinMs: 600_000,
};

const read = (data: object): ReturnType<typeof readFeedEvent> =>
  readFeedEvent('authorities', JSON.stringify(data));
const many = (count: number): readonly string[] => Array.from({ length: count }, () => DER);

function codeOf(data: object): string {
  try {
    read(data);
    return 'accepted';
  } catch (error) {
    if (error instanceof LsError) return error.code;
    throw error;
  }
}

describe('the feed event "authorities"', () => {
  it('is read, with members that nobody knows ignored', () => {
    const der = new Uint8Array(Buffer.from('some certificate'));
    expect(read({ ...GOOD, later: 1 })).toEqual({
      kind: 'authorities',
      roots: [der],
      crossCertificates: [],
      issuing: [der, der],
      active: new Uint8Array(32).fill(0xab),
      renewWithinMs: 600_000,
    });
    expect(read({ ...GOOD, active: null, renewWithinMs: null })).toMatchObject({
      active: null,
      renewWithinMs: null,
    });
  });

  it('is read at each of its bounds', () => {
    const full = {
      ...GOOD,
      roots: many(MAX_NAMED_ROOTS),
      crossCertificates: many(MAX_NAMED_CROSSES),
      issuing: [
        ...many(MAX_NAMED_ISSUING - 1),
        Buffer.alloc(Math.floor(MAX_CERTIFICATE_CHARS / 4) * 3 - 2).toString('base64'),
      ],
      renewWithinMs: MAX_RENEW_WITHIN_MS,
    };
    expect(codeOf(full)).toBe('accepted');
  });

  const long = 'A'.repeat(MAX_CERTIFICATE_CHARS + 4);
  const bad: readonly [string, object][] = [
    ['no roots', { ...GOOD, roots: [] }],
    ['roots that are missing', { ...GOOD, roots: undefined }],
    ['one root too many', { ...GOOD, roots: many(MAX_NAMED_ROOTS + 1) }],
    ['a root that is a number', { ...GOOD, roots: [1] }],
    ['a root that is not base64', { ...GOOD, roots: ['****'] }],
    ['a root in base64 that is not canonical', { ...GOOD, roots: ['AAB='] }],
    ['an empty root', { ...GOOD, roots: [''] }],
    ['a root that is too long', { ...GOOD, roots: [long] }],
    ['cross certificates that are missing', { ...GOOD, crossCertificates: undefined }],
    ['cross certificates that are text', { ...GOOD, crossCertificates: DER }],
    ['one cross certificate too many', { ...GOOD, crossCertificates: many(MAX_NAMED_CROSSES + 1) }],
    ['a cross certificate that is too long', { ...GOOD, crossCertificates: [long] }],
    ['issuing CAs that are missing', { ...GOOD, issuing: undefined }],
    ['one issuing CA too many', { ...GOOD, issuing: many(MAX_NAMED_ISSUING + 1) }],
    ['an issuing CA that is null', { ...GOOD, issuing: [null] }],
    ['an issuing CA that is too long', { ...GOOD, issuing: [long] }],
    ['no active one', { ...GOOD, active: undefined }],
    ['an active one of 31 bytes', { ...GOOD, active: 'ab'.repeat(31) }],
    ['an active one in capitals', { ...GOOD, active: 'AB'.repeat(32) }],
    ['an active one that is a number', { ...GOOD, active: 1 }],
    ['no time to renew', { ...GOOD, renewWithinMs: undefined }],
    ['a negative time to renew', { ...GOOD, renewWithinMs: -1 }],
    ['half a millisecond', { ...GOOD, renewWithinMs: 0.5 }],
    ['a time to renew as text', { ...GOOD, renewWithinMs: '600000' }],
    ['more than a month', { ...GOOD, renewWithinMs: MAX_RENEW_WITHIN_MS + 1 }],
    ['a list instead of an object', [GOOD]],
  ];
  it.each(bad)('is refused with %s', (_, data) => {
    expect(codeOf(data)).toBe('LS_API_RESPONSE');
  });

  it('is refused when it is no JSON', () => {
    expect(() => readFeedEvent('authorities', '{')).toThrow(LsError);
  });
});
