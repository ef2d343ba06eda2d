import {
  err,
  fault,
  ok,
  unixMs,
  type CryptoPort,
  type Fault,
  type Result,
  type UnixMs,
} from '../std/index.ts';
import { certIdOfCertificate, parseCrl, type Certificate, type CertificateList } from '../x509/index.ts';
import type { TrustBundle } from './bundle.ts';
import { judgePath } from './path.ts';
import { profileCrl } from './revocation/crl-form.ts';
import { verifyCrlIssuer } from './revocation/crl-issuer.ts';
import { identify, type IdentityOf, type Role } from './roles/identity.ts';
import type { CertifiedKey } from './verified.ts';

/** What a certificate was, its status left out: evidence about the past, never a reason to call a peer alive. */
export interface PastCertificate<R extends Role> {
  readonly identity: IdentityOf<R>;
  readonly key: CertifiedKey;
  readonly certificate: Certificate;
  /** The certificate, then its issuers, the anchor last. */
  readonly path: readonly Certificate[];
}

/** A CRL that its issuer signed, whether or not it is the newest. */
export interface PastCrl {
  readonly list: CertificateList;
  readonly crlNumber: number;
  readonly issuer: Certificate;
}

/**
 * Path and role of a certificate as they were at `at`. Revocation is not looked at: an auditor compares its date
 * with the time of each record instead.
 * Errors: as judgeCertificate, without those of status.
 */
export function judgePast<R extends Role>(
  bundle: TrustBundle,
  chain: readonly Uint8Array[],
  role: R,
  at: UnixMs,
  crypto: CryptoPort,
): Result<PastCertificate<R>, Fault> {
  const path = judgePath(bundle, chain, crypto, at);
  if (!path.ok) return path;
  const { target: certificate, certificates } = path.value;
  const identity = identify(path.value, bundle.trustDomain, role);
  if (!identity.ok) return identity;
  const { keyAlgorithm: algorithm, spki } = certificate;
  if (algorithm === null) {
    return err(
      fault('LS_TRUST_ALGORITHM', `the key of certificate ${certificate.serialHex} is of no use here`),
    );
  }
  const key = { certId: certIdOfCertificate(certificate, crypto), algorithm, spki };
  return ok({ identity: identity.value, key, certificate, path: certificates });
}

/**
 * Form and signature of a CRL, its issuer judged at thisUpdate. Nothing is said of its place among others.
 * `issuerChain` as in applyCrl. Errors: those of applyCrl about form and issuer.
 */
export function judgePastCrl(
  crlDer: Uint8Array,
  issuerChain: readonly Uint8Array[],
  bundle: TrustBundle,
  crypto: CryptoPort,
): Result<PastCrl, Fault> {
  const list = parseCrl(new Uint8Array(crlDer));
  if (!list.ok) return list;
  const at = unixMs(list.value.thisUpdate);
  const profiled = profileCrl(list.value, at);
  if (!profiled.ok) return profiled;
  const issuer = verifyCrlIssuer(list.value, issuerChain, bundle, crypto, at);
  if (!issuer.ok) return issuer;
  const { crlNumber } = profiled.value;
  return ok({ list: list.value, crlNumber, issuer: issuer.value.certificate });
}
