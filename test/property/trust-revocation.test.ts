import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/std/index.ts';
import { issuerKeyOf, restoreRevocation, RevocationState } from '../../src/trust/index.ts';
import { findEntry } from '../../src/trust/revocation/state.ts';
import { parseCertificate } from '../../src/x509/index.ts';
import { testCrypto } from '../support/crypto.ts';
import type { CrlSpec, RevokedSpec } from '../support/forge/crl.ts';
import { deltaSpec, issuing, issuingCrlSpec, NOW, serial } from '../support/forge/pki.ts';
import { bundle, take } from '../support/forge/trust.ts';
import { valueOf } from '../support/result.ts';

const SERIALS = Array.from({ length: 6 }, (_, i) => toHex(serial(`subject ${i}`)));
const REASONS = [undefined, 'keyCompromise', 'certificateHold', 'removeFromCRL'] as const;
const key = issuerKeyOf(valueOf(parseCertificate(issuing)));

/** CRLs an issuer could send, honest or not: any number, base, entries and reasons. */
const anyCrl: fc.Arbitrary<CrlSpec> = fc
  .record({
    number: fc.integer({ min: 1, max: 6 }),
    base: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    revoked: fc.uniqueArray(
      fc.record({ serialHex: fc.constantFrom(...SERIALS), reason: fc.constantFrom(...REASONS) }),
      { selector: ({ serialHex }) => serialHex, maxLength: SERIALS.length },
    ),
  })
  .map(({ number, base, revoked }) => {
    const entries = revoked.map(({ serialHex, reason }): RevokedSpec => {
      const entry = { serialHex, revokedAt: NOW - 1000 };
      return reason === undefined ? entry : { ...entry, reason };
    });
    return base === undefined ? issuingCrlSpec(number, entries) : deltaSpec(number, base, entries);
  });

interface Known {
  readonly number: number;
  readonly reasons: ReadonlyMap<string, string>;
}

function knownTo(state: RevocationState): Known {
  const held = key === undefined ? undefined : state.issuer(key);
  const reasons = new Map<string, string>();
  for (const serialHex of SERIALS) {
    const entry = held === undefined ? undefined : findEntry(held, serialHex);
    if (entry !== undefined) reasons.set(serialHex, entry.reason);
  }
  return { number: held?.crlNumber ?? 0, reasons };
}

describe('whatever CRLs an issuer sends', () => {
  it(
    'who was revoked stays revoked, numbers never fall, and a refused CRL changes nothing',
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(fc.array(anyCrl, { maxLength: 12 }), (crls) => {
          let state = RevocationState.empty();
          for (const crl of crls) {
            const before = knownTo(state);
            const applied = take(state, crl);
            expect(knownTo(state)).toEqual(before);
            if (!applied.ok) continue;
            ({ state } = applied.value);
            const after = knownTo(state);
            expect(after.number).toBeGreaterThanOrEqual(before.number);
            for (const [serialHex, reason] of before.reasons) {
              expect(after.reasons.has(serialHex)).toBe(true);
              if (reason !== 'certificateHold')
                expect(after.reasons.get(serialHex)).not.toBe('certificateHold');
            }
          }
        }),
        { numRuns: 150 },
      );
    },
  );

  it('the state can be built again from the CRLs it stands on', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(anyCrl, { maxLength: 12 }), (crls) => {
        let state = RevocationState.empty();
        for (const crl of crls) {
          const applied = take(state, crl);
          if (applied.ok) ({ state } = applied.value);
        }
        const restored = restoreRevocation(state.crls(), bundle, testCrypto, NOW);
        expect(restored.refused).toEqual([]);
        expect(knownTo(restored.state)).toEqual(knownTo(state));
      }),
      { numRuns: 100 },
    );
  });
});
