import { fault, type Fault } from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import { isSelfIssued, labelOf, type PathState } from './state.ts';

/** Who issues is a CA and says so. Source: RFC 5280 §4.2.1.9, §6.1.4 (k). */
export function checkIsCa(certificate: Certificate): Fault | undefined {
  if (certificate.extensions.basicConstraints?.value.ca === true) return undefined;
  return fault('LS_TRUST_NOT_A_CA', `${labelOf(certificate)} issued a certificate but is no CA`);
}

/** Who issues may sign certificates; a CA without keyUsage is refused. Source: RFC 5280 §4.2.1.3, §6.1.4 (n). */
export function checkMaySignCertificates(certificate: Certificate): Fault | undefined {
  if (certificate.extensions.keyUsage?.value.has('keyCertSign') === true) return undefined;
  return fault('LS_TRUST_KEY_USAGE', `keyUsage of ${labelOf(certificate)} lacks keyCertSign`);
}

/** Who signs a CRL may do so. Source: RFC 5280 §4.2.1.3, §6.3.3 (f). */
export function checkMaySignCrls(certificate: Certificate): Fault | undefined {
  if (certificate.extensions.keyUsage?.value.has('cRLSign') === true) return undefined;
  return fault('LS_TRUST_KEY_USAGE', `keyUsage of ${labelOf(certificate)} lacks cRLSign`);
}

/** An intermediate uses up one place unless it is self-issued. Source: RFC 5280 §6.1.4 (l). */
export function checkPathLength(
  certificate: Certificate,
  { intermediatesLeft }: PathState,
): Fault | undefined {
  if (intermediatesLeft > 0 || isSelfIssued(certificate)) return undefined;
  return fault(
    'LS_TRUST_PATH_LENGTH',
    `${labelOf(certificate)} is one intermediate more than its issuers allow`,
  );
}

/** The places left below `certificate`. Source: RFC 5280 §6.1.4 (l), (m). */
export function intermediatesBelow(certificate: Certificate, { intermediatesLeft }: PathState): number {
  const left = isSelfIssued(certificate) ? intermediatesLeft : intermediatesLeft - 1;
  return Math.min(left, certificate.extensions.basicConstraints?.value.pathLen ?? Infinity);
}
