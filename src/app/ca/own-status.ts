import type { Authority, OcspResponder } from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import type { StapleFor } from '../../io/transport/index.ts';
import { equalBytes, type Clock } from '../../std/index.ts';
import {
  encodeOcspRequest,
  ocspCertId,
  ocspIssuerOf,
  parseCertificate,
  type Certificate,
  type OcspIssuer,
} from '../../x509/index.ts';
import { issuingCertificates } from './generations.ts';

/**
 * The responder's answer about the certificate that the CA's own server presents. Only one that is signed already:
 * a handshake costs no signature.
 */
export function ownStatus(authority: Authority, ocsp: OcspResponder, clock: Clock): StapleFor {
  return async (der) => {
    const certificate = parseCertificate(der);
    if (!certificate.ok) return undefined;
    const names = issuerNames(authority, certificate.value);
    if (names === undefined) return undefined;
    // Stock clients know an answer by the SHA-1 of names and keys (RFC 9919 §3.1.1).
    const certId = ocspCertId(names, 'SHA-1', certificate.value.serialHex);
    const answer = await ocsp.answer(encodeOcspRequest({ certIds: [certId], nonce: undefined }), clock.now());
    return answer.times === null ? undefined : answer.der;
  };
}

/** Of the issuing CA that has certified it. */
function issuerNames(authority: Authority, { issuer }: Certificate): OcspIssuer | undefined {
  for (const der of issuingCertificates(authority)) {
    const issuing = parseCertificate(der);
    if (!issuing.ok || !equalBytes(issuing.value.subject, issuer)) continue;
    const names = ocspIssuerOf(issuing.value, nodeCrypto);
    if (names.ok) return names.value;
  }
  return undefined;
}
