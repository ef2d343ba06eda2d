import {
  equalBytes,
  err,
  fault,
  ok,
  unixMs,
  type CryptoPort,
  type Fault,
  type Result,
  type UnixMs,
} from '../../std/index.ts';
import {
  checkMaySignCrls,
  checkValidityAt,
  pointsAt,
  usesAlgorithmOf,
  verifySigned,
  type Certificate,
  type CertificateList,
} from '../../x509/index.ts';
import type { TrustBundle } from '../bundle.ts';
import { judgePath } from '../path.ts';
import type { CheckedCrl } from './crl-check.ts';

/** The CA whose key signed a CRL, and the chain that leads from it to a pinned root. */
export interface CrlIssuer {
  readonly certificate: Certificate;
  /** DER, the issuer first, without root; empty when the root signed the CRL itself. */
  readonly chain: readonly Uint8Array[];
  /** Issuer first, anchor last. */
  readonly path: readonly Certificate[];
}

/**
 * Finds out who signed `list`, and that it was them. The issuer's path is judged at the later of `now` and
 * thisUpdate, since with this CRL that becomes the present. Revocation of the issuer is the caller's to check.
 * `checked`: the same CRL with its signature looked at already.
 *
 * Errors: those of path validation; LS_TRUST_KEY_USAGE; LS_CRL_ISSUER, LS_CRL_ALGORITHM, LS_CRL_SIGNATURE.
 * Source: RFC 5280 §6.3.3 (f), (g).
 */
export function verifyCrlIssuer(
  list: CertificateList,
  issuerChain: readonly Uint8Array[],
  bundle: TrustBundle,
  crypto: CryptoPort,
  now: UnixMs,
  checked?: CheckedCrl,
): Result<CrlIssuer, Fault> {
  const issuer = resolveIssuer(list, issuerChain, bundle, crypto, unixMs(Math.max(now, list.thisUpdate)));
  if (!issuer.ok) return issuer;
  const { certificate } = issuer.value;
  const refusal =
    checkIssuerName(list, certificate) ??
    checkMaySignCrls(certificate) ??
    checkCrlSignature(list, certificate, crypto, checked);
  return refusal === undefined ? issuer : err(refusal);
}

function resolveIssuer(
  list: CertificateList,
  issuerChain: readonly Uint8Array[],
  bundle: TrustBundle,
  crypto: CryptoPort,
  now: UnixMs,
): Result<CrlIssuer, Fault> {
  const anchor = bundle.anchors.find((candidate) => isNamedBy(list, candidate));
  if (anchor !== undefined) {
    const refusal = checkValidityAt(anchor, now);
    return refusal === undefined ? ok({ certificate: anchor, chain: [], path: [anchor] }) : err(refusal);
  }
  if (issuerChain.length === 0) {
    return err(fault('LS_CRL_ISSUER', 'no pinned root signed the CRL, and no issuer came with it'));
  }
  const path = judgePath(bundle, issuerChain, crypto, now);
  if (!path.ok) return path;
  const { target: certificate, certificates } = path.value;
  return ok({ certificate, chain: certificates.slice(0, -1).map(({ der }) => der), path: certificates });
}

/** Source: RFC 5280 §5.2.1, §6.3.3 (b)(1). Indirect CRLs are refused, so the CRL's issuer is the certificates'. */
function checkIssuerName(list: CertificateList, issuer: Certificate): Fault | undefined {
  if (isNamedBy(list, issuer)) return undefined;
  return fault('LS_CRL_ISSUER', `the CRL names another issuer than certificate ${issuer.serialHex}`);
}

function isNamedBy(list: CertificateList, issuer: Certificate): boolean {
  const keyId = list.extensions.authorityKeyId?.value;
  return equalBytes(list.issuer, issuer.subject) && keyId !== undefined && pointsAt(keyId, issuer);
}

function checkCrlSignature(
  list: CertificateList,
  issuer: Certificate,
  crypto: CryptoPort,
  checked: CheckedCrl | undefined,
): Fault | undefined {
  if (!usesAlgorithmOf(issuer, list)) {
    const { oid } = list.signatureAlgorithm;
    return fault('LS_CRL_ALGORITHM', `the CRL is signed with ${oid}, not as its issuer's key does`);
  }
  if (checked?.isSignedBy(issuer.spki) ?? verifySigned(crypto, list, issuer.spki)) return undefined;
  return fault('LS_CRL_SIGNATURE', `the CRL was not signed by the key of certificate ${issuer.serialHex}`);
}
