import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeCertificate, RevocationState } from '../../src/trust/index.ts';
import { forgeCrl } from '../support/forge/crl.ts';
import { flipped, issuing, issuingCrlSpec, node, NOW, rootCrlSpec, serial } from '../support/forge/pki.ts';
import { material, take } from '../support/forge/trust.ts';
import { toHex } from '../../src/std/index.ts';

const trust = material();
const CHAIN = [node, issuing] as const;
const crl = forgeCrl(issuingCrlSpec(2, [{ serialHex: toHex(serial('a')), revokedAt: NOW - 1000 }]));
const rootCrl = forgeCrl(rootCrlSpec(1));

const isGood = (chain: readonly Uint8Array[]): boolean => judgeCertificate(trust, chain, 'node', NOW).ok;
const isTaken = (der: Uint8Array): boolean => take(RevocationState.empty(), der).ok;
/** The chain with certificate `which` replaced. */
const withCertificate = (which: number, der: Uint8Array): readonly Uint8Array[] =>
  CHAIN.map((certificate, i) => (i === which ? der : certificate));
const alteration = (der: Uint8Array) =>
  fc.tuple(fc.integer({ min: 0, max: der.length - 1 }), fc.integer({ min: 1, max: 255 }));

describe('one changed bit', () => {
  it('anywhere in a certificate of the chain is never judged good', { timeout: 60_000 }, () => {
    const accepted: string[] = [];
    for (const [which, certificate] of CHAIN.entries()) {
      for (let bit = 0; bit < certificate.length * 8; bit++) {
        const altered = withCertificate(which, flipped(certificate, bit >> 3, 1 << (bit & 7)));
        if (isGood(altered)) accepted.push(`certificate ${which} bit ${bit}`);
      }
    }
    expect(isGood(CHAIN)).toBe(true);
    expect(accepted).toEqual([]);
  });

  it('anywhere in a CRL is never taken', { timeout: 60_000 }, () => {
    const accepted: string[] = [];
    for (const [which, der] of [crl, rootCrl].entries()) {
      for (let bit = 0; bit < der.length * 8; bit++) {
        if (isTaken(flipped(der, bit >> 3, 1 << (bit & 7)))) accepted.push(`CRL ${which} bit ${bit}`);
      }
    }
    expect([isTaken(crl), isTaken(rootCrl)]).toEqual([true, true]);
    expect(accepted).toEqual([]);
  });
});

describe('bytes that were cut, replaced or inserted', () => {
  it('in a certificate are never judged good', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(alteration(node), fc.integer({ min: 0, max: 2 }), ([at, value], how) => {
        expect(isGood(withCertificate(0, altered(node, at, value, how)))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('in a CRL are never taken', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(alteration(crl), fc.integer({ min: 0, max: 2 }), ([at, value], how) => {
        expect(isTaken(altered(crl, at, value, how))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

function altered(der: Uint8Array, at: number, value: number, how: number): Uint8Array {
  if (how === 0) return flipped(der, at, value);
  if (how === 1) return Uint8Array.from([...der.subarray(0, at), ...der.subarray(at + 1)]);
  return Uint8Array.from([...der.subarray(0, at), value, ...der.subarray(at)]);
}
