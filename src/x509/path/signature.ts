import { fault, type Fault } from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import { verifySigned, type SignedObject } from '../signed.ts';
import { labelOf, type PathContext, type PathState } from './state.ts';

/**
 * The issuer's key signed the certificate, by the one algorithm that key has; what the certificate says of its
 * algorithm chooses nothing. Spends one signature check. Source: RFC 5280 §6.1.3 (a)(1).
 */
export function checkSignature(
  certificate: Certificate,
  { issuer }: PathState,
  { crypto, budget }: Pick<PathContext, 'crypto' | 'budget'>,
): Fault | undefined {
  if (!usesAlgorithmOf(issuer, certificate)) {
    const { oid } = certificate.signatureAlgorithm;
    return fault(
      'LS_TRUST_ALGORITHM',
      `${labelOf(certificate)} is signed with ${oid}, not as its issuer's key does`,
    );
  }
  if (!budget.takeSignatureCheck()) return fault('LS_TRUST_BUDGET', 'too many signature checks for one path');
  if (verifySigned(crypto, certificate, issuer.spki)) return undefined;
  return fault(
    'LS_TRUST_SIGNATURE',
    `${labelOf(certificate)} was not signed by the key of ${labelOf(issuer)}`,
  );
}

/** True when `signed` claims the one signature algorithm that the key of `issuer` has. */
export function usesAlgorithmOf(issuer: Certificate, signed: SignedObject): boolean {
  return issuer.keyAlgorithm !== null && signed.signatureAlgorithm.algorithm === issuer.keyAlgorithm;
}
