import {
  equalBytes,
  err,
  fault,
  type CryptoPort,
  type Fault,
  type Result,
  type UnixMs,
} from '../std/index.ts';
import {
  MAX_PATH_CERTIFICATES,
  parseCertificate,
  validatePath,
  type Certificate,
  type ValidatedPath,
} from '../x509/index.ts';
import { MAX_ANCHORS, type TrustBundle } from './bundle.ts';

/**
 * Certificates in a chain that is presented: one below an issuing CA, that one, a cross certificate for each root after
 * the first, and the first.
 */
export const MAX_PRESENTED_CERTIFICATES = MAX_ANCHORS + 2;

/**
 * Parses and validates a chain against the pinned roots, revocation left out. `longest`: certificates of a path below
 * its root. Errors: parsing; LS_TRUST_*.
 */
export function judgePath(
  { anchors }: Pick<TrustBundle, 'anchors'>,
  chain: readonly Uint8Array[],
  crypto: CryptoPort,
  now: UnixMs,
  longest = MAX_PATH_CERTIFICATES,
): Result<ValidatedPath, Fault> {
  if (chain.length > MAX_PRESENTED_CERTIFICATES) {
    return err(fault('LS_TRUST_CHAIN_LENGTH', `${chain.length} certificates were presented`));
  }
  const certificates: Certificate[] = [];
  for (const der of chain) {
    const certificate = parseCertificate(der);
    if (!certificate.ok) return certificate;
    certificates.push(certificate.value);
  }
  const chainUp = withoutCrosses(certificates, anchors);
  return validatePath({ chain: chainUp, anchors, now, crypto, maxCertificates: longest });
}

/**
 * Who pins a later root needs none of the certificates by which it came after the earlier ones, and those end earlier.
 * Only what goes on above a certificate of a pinned root is left out, and only where each names the next.
 */
function withoutCrosses(
  chain: readonly Certificate[],
  anchors: readonly Certificate[],
): readonly Certificate[] {
  const topmost = chain.findIndex((certificate) => isOfPinned(certificate, anchors));
  const isChained = chain.every(({ issuer }, at) => {
    const above = chain[at + 1];
    return at < topmost || above === undefined || equalBytes(issuer, above.subject);
  });
  return topmost >= 0 && isChained ? chain.slice(0, topmost + 1) : chain;
}

/** By name and key identifier; whether it is signed is not looked at here. */
function isOfPinned({ issuer, extensions }: Certificate, anchors: readonly Certificate[]): boolean {
  const keyId = extensions.authorityKeyId?.value.keyId;
  return anchors.some(({ subject, extensions: of }) => {
    const own = of.subjectKeyId?.value;
    const isSameKey = keyId !== undefined && own !== undefined && equalBytes(keyId, own);
    return isSameKey && equalBytes(issuer, subject);
  });
}
