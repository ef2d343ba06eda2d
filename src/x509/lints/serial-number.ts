import type { Lint } from './lint.ts';

/**
 * 16 bytes with the top bits 01: positive, of fixed length, 126 bits from the generator.
 * Source: RFC 5280 §4.1.2.2; CA/Browser Forum Baseline Requirements §7.1 (at least 64 bits of a CSPRNG).
 */
export const serialNumber: Lint = {
  rule: 'serial-number',
  check({ certificate: { serialHex } }) {
    return /^[4-7][0-9a-f]{31}$/.test(serialHex) ? undefined : `serial ${serialHex} is not 16 bytes from 40`;
  },
};
