import { nodeCrypto } from '../../io/crypto/index.ts';
import { systemClock } from '../../io/system/index.ts';
import { unixMs } from '../../std/index.ts';
import { acceptRootsWith, type TrustBundle } from '../../trust/index.ts';
import type { NodeConfig } from '../node-config.ts';
import type { NodeHome } from '../node-home.ts';
import type { FetchedTrust } from './ca-access.ts';
import type { NodeCredentials } from './credentials.ts';
import { readState } from './state-file.ts';
import { issuerChainsOf, keepRoots, readIssuers, readRevocation, type CrlJudges } from './trust-files.ts';

/** What CRLs of this home are judged by, at a time that never goes back. */
export async function judgesOf(
  home: NodeHome,
  bundle: TrustBundle,
  { chain }: Pick<NodeCredentials, 'chain'>,
  { issuing }: Pick<FetchedTrust, 'issuing'>,
): Promise<CrlJudges> {
  const { trustedTimeMs } = await readState(home.state);
  const now = unixMs(Math.max(systemClock.now().wall, trustedTimeMs));
  return { bundle, issuerChains: issuerChainsOf(chain, await readIssuers(home), issuing), now };
}

/**
 * The bundle of the home with the roots that the CA names beside those, as far as pinned ones vouch for them; root.pem
 * has them from then on. A node that was away meanwhile may be shown nothing but what is below a new root.
 */
export async function adoptRoots(
  home: NodeHome,
  { revocation: policy }: Pick<NodeConfig, 'revocation'>,
  fetched: FetchedTrust,
  judges: CrlJudges,
): Promise<TrustBundle> {
  const { bundle, now } = judges;
  if (fetched.roots.length <= bundle.anchors.length) return bundle;
  const { state } = await readRevocation(home, judges);
  const material = { ...policy, bundle, revocation: state, crypto: nodeCrypto };
  const accepted = acceptRootsWith(material, fetched, fetched.rootCrls, now);
  if (accepted.bundle !== bundle)
    await keepRoots(
      home,
      accepted.bundle.anchors.map(({ der }) => der),
    );
  return accepted.bundle;
}
