import { fault, type Fault } from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import type { CertificateExtensions } from '../extensions.ts';
import { oids } from '../oids.ts';
import { labelOf } from './state.ts';

const NEVER_CRITICAL = [
  'issuerAltName',
  'subjectKeyId',
  'authorityKeyId',
  'crlDistributionPoints',
  'freshestCrl',
  'authorityInfoAccess',
  'ocspNoCheck',
] as const;

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

/**
 * Refuses a certificate that demands policies, whether it marks the demand critical or not: ignoring it would
 * accept paths that their CA wants refused. Source: RFC 5280 §4.2.1.11, §6.1.4 (i), §6.1.5 (b).
 */
export function checkNoPolicyDemanded(certificate: Certificate): Fault | undefined {
  const demands = certificate.extensions.policy.some(({ oid }) => oid === oids.policyConstraints);
  if (!demands) return undefined;
  return fault('LS_TRUST_CRITICAL_EXTENSION', `${labelOf(certificate)} has policyConstraints`);
}

function firstUnprocessed(extensions: CertificateExtensions): string | undefined {
  const opaque = [...extensions.policy, ...extensions.unknown].find((extension) => extension.critical);
  if (opaque !== undefined) return opaque.oid;
  return NEVER_CRITICAL.find((name) => extensions[name]?.critical === true);
}
