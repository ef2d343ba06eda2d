import { describe, expect, it } from 'vitest';
import {
  decodePem,
  decodePemOf,
  encodePem,
  MAX_PEM_BLOCKS,
  MAX_PEM_CHARACTERS,
} from '../../../src/codec/index.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const der = Uint8Array.from({ length: 100 }, (_, i) => i);
const pem = encodePem('CERTIFICATE', der);

describe('PEM', () => {
  it('reads what it wrote', () => {
    expect(valueOf(decodePem(pem))).toEqual([{ label: 'CERTIFICATE', der }]);
  });

  it.each([1, 47, 48, 49, 96])('reads %i bytes back', (length) => {
    const bytes = new Uint8Array(length).fill(7);
    expect(valueOf(decodePemOf('X509 CRL', encodePem('X509 CRL', bytes)))).toEqual([bytes]);
  });

  it('reads several blocks, ignores the text between them and accepts CR LF', () => {
    const text = `subject=CN=a\n${pem}\n# note\n${pem}`.replaceAll('\n', '\r\n');
    expect(valueOf(decodePemOf('CERTIFICATE', text))).toEqual([der, der]);
  });

  it.each([
    ['no block', 'hello', 'LS_PEM_NONE'],
    ['an END first', '-----END CERTIFICATE-----', 'LS_PEM_BOUNDARY'],
    ['no END', pem.replace('-----END CERTIFICATE-----', ''), 'LS_PEM_BOUNDARY'],
    ['another END', pem.replace('END CERTIFICATE', 'END X509 CRL'), 'LS_PEM_BOUNDARY'],
    ['a BEGIN inside of a block', pem.replace('\n', '\n-----BEGIN CERTIFICATE-----\n'), 'LS_PEM_BOUNDARY'],
    ['spaces after a boundary', pem.replace('CERTIFICATE-----', 'CERTIFICATE----- '), 'LS_PEM_BOUNDARY'],
    ['a label with two spaces', '-----BEGIN A  B-----\nAAAA\n-----END A  B-----', 'LS_PEM_BOUNDARY'],
    ['an empty block', '-----BEGIN A-----\n-----END A-----', 'LS_PEM_BASE64'],
    ['a header', pem.replace('\n', '\nProc-Type: 4,ENCRYPTED\n\n'), 'LS_PEM_BASE64'],
    ['a blank line', pem.replace('\n', '\n\n'), 'LS_PEM_BASE64'],
    ['a short line in the middle', pem.replace(/\n(.{10})/, '\n$1\n'), 'LS_PEM_BASE64'],
    ['a line of 68 characters', `-----BEGIN A-----\n${'A'.repeat(68)}\n-----END A-----`, 'LS_PEM_BASE64'],
    ['a space in a line', pem.replace(/\n(.{10})./, '\n$1 '), 'LS_PEM_BASE64'],
    ['missing padding', '-----BEGIN A-----\nAA\n-----END A-----', 'LS_PEM_BASE64'],
    ['bits in the padding', '-----BEGIN A-----\nAB==\n-----END A-----', 'LS_PEM_BASE64'],
  ])('refuses %s', (_, text, code) => {
    expect(codeOf(decodePem(text))).toBe(code);
  });

  it('refuses a block of another label where one label is asked for', () => {
    expect(codeOf(decodePemOf('CERTIFICATE', pem + encodePem('X509 CRL', der)))).toBe('LS_PEM_LABEL');
  });

  it('refuses one character and one block above its caps', () => {
    const full = pem.padEnd(MAX_PEM_CHARACTERS, '\n');
    expect(codeOf(decodePem(full))).toBeUndefined();
    expect(codeOf(decodePem(`${full}\n`))).toBe('LS_PEM_TOO_LARGE');
    expect(codeOf(decodePem(pem.repeat(MAX_PEM_BLOCKS)))).toBeUndefined();
    expect(codeOf(decodePem(pem.repeat(MAX_PEM_BLOCKS + 1)))).toBe('LS_PEM_TOO_LARGE');
  });

  it('does not write a label that it would not read', () => {
    expect(() => encodePem('-----', der)).toThrow(RangeError);
  });
});
