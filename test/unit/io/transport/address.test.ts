import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress, plainAddress } from '../../../../src/io/index.ts';
import { expectCode } from '../../../support/expect-code.ts';

describe('parseAddress', () => {
  it.each([
    ['10.0.0.1:8450', { host: '10.0.0.1', port: 8450 }],
    ['node-1.example.test:1', { host: 'node-1.example.test', port: 1 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
    ['[::ffff:10.0.0.1]:80', { host: '::ffff:10.0.0.1', port: 80 }],
  ])('reads %s', (text, place) => {
    expect(parseAddress(text)).toEqual(place);
  });

  it.each([
    '',
    ':1',
    'h',
    'h:',
    'h:65536',
    'h:1x',
    '::1:1',
    '[::1]',
    '[:]:1',
    '[1.2.3.4]:1',
    'h/x:1',
    '[h]:1',
  ])('refuses %j', async (text) => {
    await expectCode('LS_NET_ADDRESS', () => parseAddress(text));
  });
});

describe('formatAddress', () => {
  it('brackets IPv6 and unwraps IPv4 seen through IPv6', () => {
    expect(formatAddress('10.0.0.1', 1)).toBe('10.0.0.1:1');
    expect(formatAddress('::1', 1)).toBe('[::1]:1');
    expect(formatAddress('::FFFF:10.0.0.1', 1)).toBe('10.0.0.1:1');
    expect(plainAddress('::ffff:a')).toBe('::ffff:a');
  });
});
