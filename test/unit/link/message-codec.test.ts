import { describe, expect, it } from 'vitest';
import { encodeCbor, type CborValue } from '../../../src/codec/index.ts';
import { RECORD_TYPES } from '../../../src/heartbeat/index.ts';
import {
  decodeMessage,
  encodeMessage,
  FRAME_HEADER_BYTES,
  MAX_BYE_CODE_BYTES,
  MAX_BYE_DETAIL_BYTES,
  MAX_DIGEST_IDS,
  MAX_ISSUER_BYTES,
} from '../../../src/link/index.ts';
import { MESSAGES } from '../../support/link-messages.ts';

const NONCE = new Uint8Array(8);
const DOMAIN = new Uint8Array(32);
const ID = new Uint8Array(16);
const HELLO: readonly CborValue[] = [0, 1, 1, NONCE, 3, 4, 5, null, DOMAIN];

function decodeValue(value: CborValue): ReturnType<typeof decodeMessage> {
  return decodeMessage(encodeCbor(value));
}

function helloWith(index: number, value: CborValue): CborValue {
  return HELLO.with(index, value);
}

describe('messages', () => {
  it.each(MESSAGES)('of kind $kind come back as they were sent', (message) => {
    const decoded = decodeMessage(encodeMessage(message).subarray(FRAME_HEADER_BYTES));
    expect(decoded).toEqual({ ok: true, value: message });
  });

  it('are refused with a type nobody knows', () => {
    for (const code of [10, 255, 70_000]) {
      expect(decodeValue([code])).toMatchObject({ ok: false, error: { code: 'LS_LINK_MESSAGE_TYPE' } });
    }
  });

  it('are refused when they are no array that starts with a type', () => {
    for (const value of [6, 'ping', null, [], ['ping', 1], [-1], [null], new Map([[0, 6]])]) {
      expect(decodeValue(value)).toMatchObject({ ok: false, error: { code: 'LS_LINK_MESSAGE' } });
    }
  });

  it('are refused when cut at any byte or followed by one more', () => {
    for (const message of MESSAGES.filter((one) => !['record', 'digest', 'issuer'].includes(one.kind))) {
      const body = encodeMessage(message).subarray(FRAME_HEADER_BYTES);
      for (let length = 0; length < body.length; length++) {
        expect(decodeMessage(body.subarray(0, length)).ok).toBe(false);
      }
      expect(decodeMessage(Uint8Array.of(...body, 0)).ok).toBe(false);
    }
  });

  const badHellos: readonly [string, CborValue][] = [
    ['version 0', helloWith(1, 0)],
    ['a version above 255', helloWith(2, 256)],
    ['a short nonce', helloWith(3, new Uint8Array(7))],
    ['a long nonce', helloWith(3, new Uint8Array(9))],
    ['a negative epoch', helloWith(4, -1)],
    ['a CRL number that is text', helloWith(5, '4')],
    ['a negative roster number', helloWith(6, -1)],
    ['an address of 261 bytes', helloWith(7, 'a'.repeat(261))],
    ['an address with a newline', helloWith(7, 'a\nb')],
    ['a short domain id', helloWith(8, new Uint8Array(31))],
    ['a field missing', HELLO.slice(0, -1)],
    ['a field too many', [...HELLO, 0]],
  ];
  it.each(badHellos)('refuse a hello with %s', (_, value) => {
    expect(decodeValue(HELLO).ok).toBe(true);
    expect(decodeValue(value)).toMatchObject({ ok: false, error: { code: 'LS_LINK_MESSAGE' } });
  });

  const bad: readonly [string, CborValue][] = [
    ['a bye with a long code', [1, 'A'.repeat(MAX_BYE_CODE_BYTES + 1), '']],
    ['a bye with an empty code', [1, '', '']],
    ['a bye with a code in lower case', [1, 'ls_x', '']],
    ['a bye with a long detail', [1, 'LS_X', 'a'.repeat(MAX_BYE_DETAIL_BYTES + 1)]],
    ['a bye with a terminal escape', [1, 'LS_X', '\u001b[2J']],
    ['a record of unknown type', [2, RECORD_TYPES.length, ID]],
    ['a record without bytes', [2, 0, new Uint8Array()]],
    ['a record as text', [2, 0, 'bytes']],
    ['a CRL that is neither full nor delta', [3, 2, ID]],
    ['an empty CRL', [3, 0, new Uint8Array()]],
    ['a digest with a short id', [4, [ID.subarray(1)]]],
    ['a digest with one id too many', [4, Array.from({ length: MAX_DIGEST_IDS + 1 }, () => ID)]],
    ['a want with an id in an array', [5, [[ID]]]],
    ['a want that is no list', [5, ID]],
    ['a ping without token', [6]],
    ['an empty down certificate', [8, new Uint8Array()]],
    ['a down certificate as text', [8, 'bytes']],
    ['an empty issuing certificate', [9, new Uint8Array()]],
    ['an issuing certificate of one byte too many', [9, new Uint8Array(MAX_ISSUER_BYTES + 1)]],
    ['an issuing certificate as text', [9, 'bytes']],
    ['an issuing certificate with a field more', [9, ID, 0]],
    ['a pong with a negative token', [7, -1]],
  ];
  it.each(bad)('refuse %s', (_, value) => {
    expect(decodeValue(value)).toMatchObject({ ok: false, error: { code: 'LS_LINK_MESSAGE' } });
  });
});
