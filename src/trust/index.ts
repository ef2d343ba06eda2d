export { judgeCaServer, judgeServer, pinnedRoot } from './bootstrap.ts';
export { MAX_PRESENTED_CERTIFICATES } from './path.ts';
export { makeTrustBundle, MAX_ANCHORS, type TrustBundle } from './bundle.ts';
export { checkHost } from './host.ts';
export { judgeCertificate, recheck, type TrustMaterial } from './judge.ts';
export { entryRetainedUntil, MAX_END_ENTITY_LIFETIME_MS } from './lifetime.ts';
export { judgePast, judgePastCrl, type PastCertificate, type PastCrl } from './past.ts';
export {
  decodeRelease,
  RELEASE_CONTEXT,
  signRelease,
  verifyRelease,
  type Release,
  type UnverifiedRelease,
} from './release.ts';
export { judgeRenewing, MAX_GRACE_AFTER_EXPIRY_MS, type RenewingNode } from './renewing.ts';
export { applyCrl, applyCrlFrom, type AppliedCrl } from './revocation/apply.ts';
export {
  beginCrlCheck,
  checkCrl,
  CheckedCrl,
  finishCrlCheck,
  LARGE_CRL_BYTES,
  type BegunCheck,
  type CrlCheck,
  type CrlFindings,
} from './revocation/crl-check.ts';
export { MAX_CRL_LEAD_MS, MAX_ENTRIES_HELD } from './revocation/crl-form.ts';
export { restoreRevocation, type RestoredRevocation } from './revocation/restore.ts';
export {
  issuerKeyOf,
  MAX_CRL_ISSUERS,
  RevocationState,
  type HeldCrl,
  type IssuerKey,
  type IssuerRevocation,
} from './revocation/state.ts';
export type { FreshnessPolicy } from './revocation/status.ts';
export type { Role } from './roles/identity.ts';
export {
  acceptPastRoot,
  acceptRoot,
  acceptRoots,
  acceptRootsWith,
  type OfferedRoots,
  type SuccessorRoot,
} from './successor-root.ts';
export { trustedNow, type TimeEvidence } from './time.ts';
export type {
  CertifiedKey,
  VerifiedCertificate,
  VerifiedIssuer,
  VerifiedOf,
  VerifiedOperator,
  VerifiedPeer,
  VerifiedServer,
} from './verified.ts';
export { parseIp as parseIpAddress } from '../x509/index.ts';
