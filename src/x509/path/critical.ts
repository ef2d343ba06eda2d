import { fault, type Fault } from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import type { CertificateExtensions } from '../extensions.ts';
import { labelOf } from './state.ts';

/**
 * Refuses a critical extension that this validator does not process. It processes basicConstraints, keyUsage,
 * extKeyUsage, subjectAltName and nameConstraints; policies are not processed, and key identifiers and CRL
 * locations must not be critical. Source: RFC 5280 §4.2, §6.1.4 (o), §6.1.5 (f).
 */
export function checkCriticalExtensions(certificate: Certificate): Fault | undefined {
  const critical = firstUnprocessed(certificate.extensions);
  if (critical === undefined) return undefined;
  return fault('LS_TRUST_CRITICAL_EXTENSION', `${labelOf(certificate)} marks ${critical} critical`);
}

function firstUnprocessed(extensions: CertificateExtensions): string | undefined {
  const opaque = [...extensions.policy, ...extensions.unknown].find((extension) => extension.critical);
  if (opaque !== undefined) return opaque.oid;
  if (extensions.issuerAltName?.critical) return 'issuerAltName';
  if (extensions.subjectKeyId?.critical) return 'subjectKeyIdentifier';
  if (extensions.authorityKeyId?.critical) return 'authorityKeyIdentifier';
  if (extensions.crlDistributionPoints?.critical) return 'cRLDistributionPoints';
  if (extensions.freshestCrl?.critical) return 'freshestCRL';
  return undefined;
}
