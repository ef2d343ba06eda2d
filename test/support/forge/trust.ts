import { type Fault, type Result, type UnixMs } from '../../../src/std/index.ts';
import {
  applyCrl,
  makeTrustBundle,
  RevocationState,
  type AppliedCrl,
  type TrustBundle,
  type TrustMaterial,
} from '../../../src/trust/index.ts';
import { testCrypto } from '../crypto.ts';
import { valueOf } from '../result.ts';
import { forgeCrl, type CrlSpec } from './crl.ts';
import { issuing, issuingCrlSpec, NOW, root, rootCrlSpec, TRUST_DOMAIN } from './pki.ts';

export const bundle: TrustBundle = valueOf(makeTrustBundle(TRUST_DOMAIN, [root], testCrypto));

/** Applies one CRL the way a relying party gets it: with the issuing CA's certificate beside it. */
export function take(
  state: RevocationState,
  crl: CrlSpec | Uint8Array,
  options: { readonly issuerChain?: readonly Uint8Array[]; readonly now?: UnixMs } = {},
): Result<AppliedCrl, Fault> {
  const der = crl instanceof Uint8Array ? crl : forgeCrl(crl);
  return applyCrl(state, der, options.issuerChain ?? [issuing], bundle, testCrypto, options.now ?? NOW);
}

/** The state after CRLs that must all be taken. */
export function holding(...crls: readonly (CrlSpec | Uint8Array)[]): RevocationState {
  let state = RevocationState.empty();
  for (const crl of crls) state = valueOf(take(state, crl)).state;
  return state;
}

/** Material under which everything forged is good: fresh CRLs of both CAs that revoke nothing. */
export function material(changes: Partial<TrustMaterial> = {}): TrustMaterial {
  return {
    bundle,
    revocation: holding(issuingCrlSpec(1), rootCrlSpec(1)),
    crypto: testCrypto,
    onStale: 'deny',
    graceMs: 24 * 3_600_000,
    ...changes,
  };
}
