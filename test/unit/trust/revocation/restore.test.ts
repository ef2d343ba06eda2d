import { describe, expect, it } from 'vitest';
import { toHex, unixMs } from '../../../../src/std/index.ts';
import { restoreRevocation, RevocationState } from '../../../../src/trust/index.ts';
import { testCrypto } from '../../../support/crypto.ts';
import {
  DAY_MS,
  deltaSpec,
  flipped,
  issuingCrlSpec,
  issuingSpec,
  NOW,
  rootCrlSpec,
  serial,
} from '../../../support/forge/pki.ts';
import { bundle, holding } from '../../../support/forge/trust.ts';

const entry = (label: string) => ({ serialHex: toHex(serial(label)), revokedAt: NOW - 1000 });
const state = holding(rootCrlSpec(2), issuingCrlSpec(5, [entry('a')]), deltaSpec(6, 5, [entry('b')]));

describe('a stored revocation state', () => {
  it('is the CRLs it stands on, and becomes the same state again', () => {
    const restored = restoreRevocation(state.crls(), bundle, testCrypto, NOW);
    expect(restored.refused).toEqual([]);
    expect(restored.state.crls()).toEqual(state.crls());
    expect(restored.state.newestThisUpdate).toBe(state.newestThisUpdate);
  });

  it('is empty when nothing was stored', () => {
    expect(restoreRevocation([], bundle, testCrypto, NOW).state.issuerCount).toBe(0);
    expect(RevocationState.empty().newestThisUpdate).toBeUndefined();
  });

  it('is verified again: a damaged CRL and the delta on top of it are left out, and said', () => {
    const damaged = state
      .crls()
      .map((crl, i) => (i === 1 ? { ...crl, der: flipped(crl.der, crl.der.length - 1) } : crl));
    const restored = restoreRevocation(damaged, bundle, testCrypto, NOW);
    expect(restored.refused.map(({ code }) => code)).toEqual(['LS_CRL_SIGNATURE', 'LS_CRL_DELTA_BASE']);
    expect(restored.state.issuerCount).toBe(1);
  });

  it('loses the CRL of an issuing CA that has expired since', () => {
    const later = unixMs(issuingSpec.notAfter + DAY_MS);
    const restored = restoreRevocation(state.crls(), bundle, testCrypto, later);
    expect(restored.refused.map(({ code }) => code)).toEqual(['LS_TRUST_EXPIRED', 'LS_TRUST_EXPIRED']);
  });

  it('is no longer tied to the bytes the caller gave', () => {
    const crls = state.crls().map(({ der, issuerChain }) => ({ der: der.slice(), issuerChain }));
    const restored = restoreRevocation(crls, bundle, testCrypto, NOW);
    for (const { der } of crls) der.fill(0);
    expect(restored.state.crls()).toEqual(state.crls());
  });
});
