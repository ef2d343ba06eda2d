import type { CryptoPort, Fault, UnixMs } from '../../std/index.ts';
import type { TrustBundle } from '../bundle.ts';
import { applyCrl } from './apply.ts';
import { RevocationState, type HeldCrl } from './state.ts';

export interface RestoredRevocation {
  readonly state: RevocationState;
  /** Why a stored CRL is no longer used: damaged, or its issuer expired. What it covered has no status until fetched anew. */
  readonly refused: readonly Fault[];
}

/** Builds the state again from what {@link RevocationState.crls} gave, verifying everything anew. */
export function restoreRevocation(
  crls: readonly HeldCrl[],
  bundle: TrustBundle,
  crypto: CryptoPort,
  now: UnixMs,
): RestoredRevocation {
  let state = RevocationState.empty();
  const refused: Fault[] = [];
  for (const { der, issuerChain } of crls) {
    const applied = applyCrl(state, der, issuerChain, bundle, crypto, now);
    if (applied.ok) state = applied.value.state;
    else refused.push(applied.error);
  }
  return { state, refused };
}
