import type { Authority, OcspResponder } from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import type { StapleFor } from '../../io/transport/index.ts';
import { LsError, type Clock } from '../../std/index.ts';
import { encodeOcspRequest, ocspCertId, ocspIssuerOf, parseCertificate } from '../../x509/index.ts';

/**
 * The responder's answer about the certificate that the CA's own server presents. Only one that is signed already:
 * a handshake costs no signature. Throws LS_X509_* and LS_DER_* for an issuing certificate that can't be read.
 */
export function ownStatus(authority: Authority, ocsp: OcspResponder, clock: Clock): StapleFor {
  const issuing = parseCertificate(authority.bundle().issuing);
  const names = issuing.ok ? ocspIssuerOf(issuing.value, nodeCrypto) : issuing;
  if (!names.ok) throw new LsError(names.error);
  return async (der) => {
    const certificate = parseCertificate(der);
    if (!certificate.ok) return undefined;
    // Stock clients know an answer by the SHA-1 of names and keys (RFC 9919 §3.1.1).
    const certId = ocspCertId(names.value, 'SHA-1', certificate.value.serialHex);
    const answer = await ocsp.answer(encodeOcspRequest({ certIds: [certId], nonce: undefined }), clock.now());
    return answer.times === null ? undefined : answer.der;
  };
}
