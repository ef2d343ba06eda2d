import { equalBytes, fault, type Fault } from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import type { AuthorityKeyId } from '../extensions.ts';
import { labelOf, type PathState } from './state.ts';

/**
 * The issuer's Name is the same DER, byte for byte, and names somebody. Source: RFC 5280 §4.1.2.4, §6.1.3 (a)(4).
 */
export function checkNameChaining(certificate: Certificate, { issuer }: PathState): Fault | undefined {
  if (certificate.issuerName.rdns.length === 0) {
    return fault('LS_TRUST_UNKNOWN_ISSUER', `${labelOf(certificate)} names no issuer`);
  }
  if (equalBytes(certificate.issuer, issuer.subject)) return undefined;
  return fault(
    'LS_TRUST_UNKNOWN_ISSUER',
    `${labelOf(certificate)} names another issuer than ${labelOf(issuer)}`,
  );
}

/**
 * The certificate points at the issuer's key. Both extensions must be there: with them a CA of the same name
 * and another key is told from the real one before any signature is checked.
 * Source: RFC 5280 §4.2.1.1, §4.2.1.2.
 */
export function checkKeyId(certificate: Certificate, { issuer }: PathState): Fault | undefined {
  const authorityKeyId = certificate.extensions.authorityKeyId?.value;
  if (authorityKeyId !== undefined && pointsAt(authorityKeyId, issuer)) return undefined;
  return fault(
    'LS_TRUST_KEY_ID',
    `authorityKeyIdentifier of ${labelOf(certificate)} does not point at ${labelOf(issuer)}`,
  );
}

/** True when every part of `authorityKeyId` agrees with `issuer`, and the key identifier is among them. */
export function pointsAt(authorityKeyId: AuthorityKeyId, issuer: Certificate): boolean {
  const issuerKeyId = issuer.extensions.subjectKeyId?.value;
  if (issuerKeyId === undefined || authorityKeyId.keyId === undefined) return false;
  if (!equalBytes(authorityKeyId.keyId, issuerKeyId)) return false;
  if (authorityKeyId.serialHex !== undefined && authorityKeyId.serialHex !== issuer.serialHex) return false;
  return (authorityKeyId.issuer ?? []).every(
    (name) => name.kind === 'directory' && equalBytes(name.name.der, issuer.issuer),
  );
}
