import {
  domainIdOf,
  equalBytes,
  err,
  fault,
  ok,
  type CryptoPort,
  type DomainId,
  type Fault,
  type Result,
} from '../std/index.ts';
import {
  checkCriticalExtensions,
  checkIsCa,
  checkMaySignCertificates,
  checkMaySignCrls,
  isTrustDomain,
  parseCertificate,
  usesAlgorithmOf,
  verifySigned,
  type Certificate,
} from '../x509/index.ts';

/** Pinned roots of one trust domain: the genesis root and its successors while they overlap. */
export const MAX_ANCHORS = 8;

/** Whom a relying party trusts, and for which trust domain. */
export interface TrustBundle {
  /** Dotted, lower case. */
  readonly trustDomain: string;
  readonly domainId: DomainId;
  /** The genesis root first. Their dates are looked at when a path is judged, not here. */
  readonly anchors: readonly Certificate[];
}

/**
 * The bundle of the pinned roots `rootDers`, genesis root first. Each must be a self-signed CA that may sign
 * certificates and CRLs; what pins them is the caller's knowledge of the bytes, not the self-signature.
 * Errors: LS_TRUST_BUNDLE with the reason as its cause.
 */
export function makeTrustBundle(
  trustDomain: string,
  rootDers: readonly Uint8Array[],
  crypto: CryptoPort,
): Result<TrustBundle, Fault> {
  if (!isTrustDomain(trustDomain))
    return err(fault('LS_TRUST_BUNDLE', 'the trust domain is no dotted lower-case name'));
  if (rootDers.length > MAX_ANCHORS) {
    return err(fault('LS_TRUST_BUNDLE', `${rootDers.length} roots; at most ${MAX_ANCHORS} are pinned`));
  }
  const anchors: Certificate[] = [];
  for (const der of rootDers) {
    const anchor = readAnchor(der, crypto);
    if (!anchor.ok)
      return err(fault('LS_TRUST_BUNDLE', `root ${anchors.length + 1} is unusable`, anchor.error));
    anchors.push(anchor.value);
  }
  const [genesis] = anchors;
  const domainId = genesis === undefined ? undefined : domainIdOf(crypto.sha256(genesis.spki));
  if (domainId === undefined) return err(fault('LS_TRUST_BUNDLE', 'no root is given'));
  return ok({ trustDomain, domainId, anchors });
}

/** A self-signed CA that may be pinned; its dates are not looked at. Errors: those of parsing; LS_TRUST_*. */
export function readAnchor(der: Uint8Array, crypto: CryptoPort): Result<Certificate, Fault> {
  const parsed = parseCertificate(der);
  if (!parsed.ok) return parsed;
  const root = parsed.value;
  const refusal =
    checkIsCa(root) ??
    checkMaySignCertificates(root) ??
    checkMaySignCrls(root) ??
    checkCriticalExtensions(root) ??
    checkKeyIdPresent(root) ??
    checkSelfSigned(root, crypto);
  return refusal === undefined ? ok(root) : err(refusal);
}

function checkKeyIdPresent(root: Certificate): Fault | undefined {
  if (root.version === 3 && root.extensions.subjectKeyId !== undefined) return undefined;
  return fault('LS_TRUST_KEY_ID', `root ${root.serialHex} has no subjectKeyIdentifier`);
}

function checkSelfSigned(root: Certificate, crypto: CryptoPort): Fault | undefined {
  if (!usesAlgorithmOf(root, root)) {
    return fault('LS_TRUST_ALGORITHM', `root ${root.serialHex} has a key or signature of no use here`);
  }
  if (equalBytes(root.issuer, root.subject) && verifySigned(crypto, root, root.spki)) return undefined;
  return fault('LS_TRUST_SIGNATURE', `root ${root.serialHex} is not self-signed`);
}
