import { err, fault, type CryptoPort, type Fault, type Result, type UnixMs } from '../std/index.ts';
import {
  MAX_PATH_CERTIFICATES,
  parseCertificate,
  validatePath,
  type Certificate,
  type ValidatedPath,
} from '../x509/index.ts';
import type { TrustBundle } from './bundle.ts';

/** Parses and validates a chain against the pinned roots, revocation left out. Errors: parsing; LS_TRUST_*. */
export function judgePath(
  { anchors }: Pick<TrustBundle, 'anchors'>,
  chain: readonly Uint8Array[],
  crypto: CryptoPort,
  now: UnixMs,
): Result<ValidatedPath, Fault> {
  if (chain.length > MAX_PATH_CERTIFICATES + 1) {
    return err(fault('LS_TRUST_CHAIN_LENGTH', `${chain.length} certificates were presented`));
  }
  const certificates: Certificate[] = [];
  for (const der of chain) {
    const certificate = parseCertificate(der);
    if (!certificate.ok) return certificate;
    certificates.push(certificate.value);
  }
  return validatePath({ chain: certificates, anchors, now, crypto });
}
