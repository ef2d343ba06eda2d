import { describe, expect, it } from 'vitest';
import { checkAddress } from '../../../src/authority/address.ts';
import { MAX_ADDRESS_BYTES } from '../../../src/authority/index.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const label = 'l'.repeat(63);
const LONGEST_NAME = `${label}.${label}.${label}.${'l'.repeat(61)}`;

describe('an advertised address', () => {
  it.each([
    'alpha:8450',
    'a.example.test:1',
    'A.Example.test:8450',
    '192.0.2.1:65535',
    '[::1]:8450',
    '[2001:db8::192.0.2.1]:8450',
    `${LONGEST_NAME}:65535`,
  ])('may be %s', (address) => {
    expect(valueOf(checkAddress(address))).toBe(address);
    expect(address.length).toBeLessThanOrEqual(MAX_ADDRESS_BYTES);
  });

  it.each([
    '',
    'alpha',
    'alpha:',
    ':8450',
    'alpha:0',
    'alpha:08450',
    'alpha:65536',
    'alpha:8450 ',
    'al pha:8450',
    'al_pha:8450',
    '::1:8450',
    '[::1]',
    '[alpha]:8450',
    '[192.0.2.1]:8450',
    '[fe80::1%eth0]:8450',
    '192.0.2.256:8450',
    '192.0.2.1.5:8450',
    '0.0.0.0:8450',
    '[::]:8450',
    'https://alpha:8450',
    'alpha:8450\nbeta:8450',
    `${LONGEST_NAME}l:65535`,
  ])('may not be %j', (address) => {
    expect(codeOf(checkAddress(address))).toBe('LS_ADDRESS_INVALID');
  });
});
