import { decodePemOf } from '../../codec/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { readFileCapped } from '../../io/files/index.ts';
import { postOcsp } from '../../io/ocsp-client/index.ts';
import { systemClock, systemRandom } from '../../io/system/index.ts';
import { equalBytes, fault, fromUtf8, LsError, type Fault, type Result } from '../../std/index.ts';
import {
  encodeOcspRequest,
  OCSP_NONCE_BYTES,
  ocspCertId,
  ocspIssuerOf,
  parseCertificate,
  verifyOcspResponse,
  verifySigned,
  type Certificate,
  type VerifiedOcspAnswer,
} from '../../x509/index.ts';
import { ocspUrlOf } from '../ocsp-url.ts';
import { originOf } from './url.ts';

export interface OcspQuestion {
  /** A certificate as PEM (the first of the file) or DER. */
  readonly certificateFile: string;
  /** That of the CA that issued it, or several, which the caller trusts. */
  readonly issuerFile: string;
  /** Default: what the certificate says. */
  readonly url?: string;
}

/** What an authorised responder says of a certificate that its issuer did sign. */
export interface OcspReply {
  readonly certificate: Certificate;
  readonly url: string;
  readonly answer: VerifiedOcspAnswer;
  readonly isExpired: boolean;
}

const MAX_FILE_BYTES = 256 * 1024;

/**
 * Asks the responder, as a relying party that trusts the issuer and nobody else.
 * Throws LS_FILE_*, LS_PEM_*, LS_DER_*, LS_X509_*, LS_TRUST_UNKNOWN_ISSUER, LS_TRUST_SIGNATURE, LS_OCSP_*.
 */
export async function askOcsp(question: OcspQuestion): Promise<OcspReply> {
  const [certificate] = await readCertificates(question.certificateFile);
  const issuer = issuerAmong(await readCertificates(question.issuerFile), certificate);
  checkIssued(certificate, issuer);
  const url = question.url ?? ocspUrlOf(certificate);
  if (url === undefined) {
    throw new LsError(
      fault('LS_OCSP_NO_URL', `certificate ${certificate.serialHex} names no OCSP responder`),
    );
  }
  checkUrl(url);
  const nonce = systemRandom.bytes(OCSP_NONCE_BYTES);
  const certId = ocspCertId(valueOf(ocspIssuerOf(issuer, nodeCrypto)), 'SHA-256', certificate.serialHex);
  const response = await postOcsp(url, encodeOcspRequest({ certIds: [certId], nonce }));
  const now = systemClock.now().wall;
  const answer = valueOf(
    verifyOcspResponse({
      response,
      certificate,
      issuer,
      nonce,
      mayOmitNonce: true,
      crypto: nodeCrypto,
      now,
    }),
  );
  return { certificate, url, answer, isExpired: now > certificate.notAfter };
}

/** Else a forged certificate with the serial of a good one would be called good. */
function checkIssued(certificate: Certificate, issuer: Certificate): void {
  if (!equalBytes(certificate.issuer, issuer.subject)) {
    throw new LsError(
      fault('LS_TRUST_UNKNOWN_ISSUER', `certificate ${certificate.serialHex} names another issuer`),
    );
  }
  if (verifySigned(nodeCrypto, certificate, issuer.spki)) return;
  throw new LsError(
    fault('LS_TRUST_SIGNATURE', `certificate ${certificate.serialHex} was not signed by its issuer`),
  );
}

/** Any path, plain HTTP only: the answer is signed. */
function checkUrl(url: string): void {
  originOf(URL.canParse(url) ? new URL(url).origin : url, 'http:');
}

/** That with the name that the certificate says, or the first: what is wrong is told later. */
function issuerAmong(
  [first, ...others]: readonly [Certificate, ...Certificate[]],
  { issuer }: Certificate,
): Certificate {
  return [first, ...others].find(({ subject }) => equalBytes(subject, issuer)) ?? first;
}

async function readCertificates(path: string): Promise<readonly [Certificate, ...Certificate[]]> {
  const bytes = await readFileCapped(path, MAX_FILE_BYTES);
  const text = fromUtf8(bytes);
  if (text?.includes('-----BEGIN') !== true) return [valueOf(parseCertificate(bytes))];
  const [first = new Uint8Array(), ...others] = valueOf(decodePemOf('CERTIFICATE', text));
  return [valueOf(parseCertificate(first)), ...others.map((der) => valueOf(parseCertificate(der)))];
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
