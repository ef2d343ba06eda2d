import {
  equalBytes,
  err,
  fault,
  ok,
  type CryptoPort,
  type Fault,
  type Result,
  type UnixMs,
} from '../std/index.ts';
import { certIdOfCertificate, checkValidityAt, type Certificate } from '../x509/index.ts';
import type { TrustBundle } from './bundle.ts';
import { judgePath } from './path.ts';
import type { RevocationState } from './revocation/state.ts';
import { checkStatus, type FreshnessPolicy } from './revocation/status.ts';
import { identify, type Role } from './roles/identity.ts';
import { trustedNow } from './time.ts';
import { mintVerified, renewVerified, type VerifiedCertificate, type VerifiedOf } from './verified.ts';

/** All that a verdict on a certificate depends on beside the certificate and the time. */
export interface TrustMaterial extends FreshnessPolicy {
  readonly bundle: TrustBundle;
  readonly revocation: RevocationState;
  readonly crypto: CryptoPort;
}

/**
 * The one verdict on a certificate: path, role, status and freshness, all of it or none.
 *
 * `chain`: DER, the certificate first, each followed by its issuer, with or without the root. `now`: trusted
 * time; it is moved up to the newest verified thisUpdate when it is behind.
 *
 * Errors: those of parsing; LS_TRUST_*. Source: RFC 5280 §6.
 */
export function judgeCertificate<R extends Role>(
  material: TrustMaterial,
  chain: readonly Uint8Array[],
  role: R,
  now: UnixMs,
): Result<VerifiedOf<R>, Fault> {
  const { bundle, revocation, crypto } = material;
  const judgedAt = presentOf(material, now);
  const path = judgePath(bundle, chain, crypto, judgedAt);
  if (!path.ok) return path;
  const { target, certificates, anchor } = path.value;
  const identity = identify(path.value, bundle.trustDomain, role);
  if (!identity.ok) return identity;
  const status = checkStatus(revocation, certificates, material, judgedAt);
  if (!status.ok) return status;

  const { serial, keyAlgorithm: algorithm, spki, notBefore, notAfter } = target;
  if (serial === undefined)
    return err(fault('LS_TRUST_SERIAL', `serial ${target.serialHex} is not 16 bytes, positive`));
  if (algorithm === null)
    return err(fault('LS_TRUST_ALGORITHM', `the key of certificate ${serial} is of no use here`));
  const key = { certId: certIdOfCertificate(target, crypto), algorithm, spki };
  const chainBelowAnchor = certificates.slice(0, -1);
  return ok(
    mintVerified(
      { serial, notBefore, notAfter, chain: chainBelowAnchor, anchor, judgedAt, ...status.value },
      identity.value,
      key,
    ),
  );
}

/**
 * Asks again of a certificate judged good before what can have changed: dates, revocation, freshness, and
 * whether its root is still pinned. A few look-ups and no signature check, so it is done for every heartbeat.
 * Errors: LS_TRUST_NOT_YET_VALID, _EXPIRED, _REVOKED, _HELD, _NO_REVOCATION, _STALE_REVOCATION, _UNKNOWN_ISSUER.
 */
export function recheck<T extends VerifiedCertificate>(
  material: TrustMaterial,
  verified: T,
  now: UnixMs,
): Result<T, Fault> {
  const { chain, anchor } = verified;
  const judgedAt = presentOf(material, now);
  if (!isPinned(material.bundle, anchor)) {
    return err(fault('LS_TRUST_UNKNOWN_ISSUER', `root ${anchor.serialHex} is no longer pinned`));
  }
  const path = [...chain, anchor];
  for (const certificate of path) {
    const refusal = checkValidityAt(certificate, judgedAt);
    if (refusal !== undefined) return err(refusal);
  }
  const status = checkStatus(material.revocation, path, material, judgedAt);
  return status.ok ? ok(renewVerified(verified, { judgedAt, ...status.value })) : status;
}

function presentOf({ revocation }: TrustMaterial, now: UnixMs): UnixMs {
  return trustedNow({ system: now, newestThisUpdate: revocation.newestThisUpdate, highWater: undefined });
}

function isPinned({ anchors }: TrustBundle, root: Certificate): boolean {
  return anchors.some((anchor) => anchor === root || equalBytes(anchor.der, root.der));
}
