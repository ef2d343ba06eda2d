import { describe, expect, it } from 'vitest';
import { hostOfUrl, listenForUrl, originOf } from '../../../src/app/ca/url.ts';
import { formatEndpoint, isLoopback, isWildcard, parseEndpoint } from '../../../src/app/endpoint.ts';
import { nearestWord } from '../../../src/app/nearest-word.ts';
import { expectCode } from '../../support/expect-code.ts';
import { codeOf, valueOf } from '../../support/result.ts';

describe('HOST:PORT', () => {
  it.each([
    '127.0.0.1:8450',
    '[::1]:8450',
    '[2001:db8::1]:1',
    'alpha.example:65535',
    'a:0',
    'under_score.example:80',
  ])('reads %s and writes it back', (text) => {
    expect(formatEndpoint(valueOf(parseEndpoint(text)))).toBe(text);
  });

  it.each([
    '',
    ':8450',
    'alpha',
    'alpha:',
    'alpha:-1',
    'alpha:65536',
    'alpha:99999999',
    '::1:8450',
    '[::1]',
    '[::1:8450',
    '[alpha]:1',
    'al pha:1',
    '-a:1',
    'https://alpha:1',
    `${'a'.repeat(300)}:1`,
  ])('refuses %j', (text) => {
    expect(codeOf(parseEndpoint(text))).toBe('LS_CONFIG_ADDRESS');
  });

  it('knows the addresses that nobody can dial, and those of this machine', () => {
    for (const text of ['0.0.0.0:1', '[::]:1']) expect(isWildcard(valueOf(parseEndpoint(text)))).toBe(true);
    expect(isWildcard(valueOf(parseEndpoint('[::1]:1')))).toBe(false);
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1', 'ca.localhost'])
      expect(isLoopback(host)).toBe(true);
    for (const host of ['ca.example', '10.0.0.1', 'localhost.example']) expect(isLoopback(host)).toBe(false);
  });
});

describe('URLs of the CA', () => {
  it('are taken in their canonical form', () => {
    expect(originOf('https://CA.Example:8440/', 'https:')).toBe('https://ca.example:8440');
    expect(originOf('https://[::1]:8440', 'https:')).toBe('https://[::1]:8440');
    expect(originOf('https://ca.example:443', 'https:')).toBe('https://ca.example');
    expect(hostOfUrl('https://[::1]:8440')).toBe('::1');
  });

  it.each([
    'http://ca:1',
    'https://ca:1/x',
    'https://ca:1?x',
    'https://ca:1#x',
    'https://me@ca:1',
    'ca:1',
    '',
  ])('are refused as %j', async (text) => {
    await expectCode('LS_CONFIG_URL', () => originOf(text, 'https:'));
  });

  it('say where to listen: on loopback only if they are loopback themselves', () => {
    expect(listenForUrl('https://ca.example:8440')).toBe('[::]:8440');
    expect(listenForUrl('https://ca.example')).toBe('[::]:443');
    expect(listenForUrl('http://localhost:8441')).toBe('127.0.0.1:8441');
    expect(listenForUrl('https://[::1]:8440')).toBe('[::1]:8440');
  });
});

describe('the nearest word', () => {
  it('is one that a slip of the fingers explains, else none', () => {
    const known = ['interval_ms', 'listen', 'seeds'];
    expect(nearestWord('intervall_ms', known)).toBe('interval_ms');
    expect(nearestWord('lsiten', known)).toBe('listen');
    expect(nearestWord('colour', known)).toBeUndefined();
    expect(nearestWord('x'.repeat(10_000), known)).toBeUndefined();
  });
});
