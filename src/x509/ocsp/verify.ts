import { equalBytes, err, fault, ok } from '../../std/index.ts';
import type { CryptoPort, Fault, Result, UnixMs } from '../../std/index.ts';
import { parseCertificate, type Certificate } from '../certificate.ts';
import { keyPurposes } from '../oids.ts';
import { checkCriticalExtensions } from '../path/critical.ts';
import { pointsAt } from '../path/chaining.ts';
import { usesAlgorithmOf } from '../path/signature.ts';
import { publicKeyBits } from '../public-key.ts';
import { verifySigned } from '../signed.ts';
import { namesCertificate, ocspIssuerOf } from './cert-id.ts';
import { MAX_OCSP_SKEW_MS } from './limits.ts';
import {
  parseOcspResponse,
  type BasicOcspResponse,
  type OcspCertStatus,
  type ResponderId,
  type SingleOcspResponse,
} from './response.ts';

export interface OcspVerification {
  /** DER OCSPResponse. */
  readonly response: Uint8Array;
  /** The certificate asked about. Its own path is for the caller to judge. */
  readonly certificate: Certificate;
  /** The CA that issued it, whom the caller trusts. */
  readonly issuer: Certificate;
  /** The nonce that was sent. */
  readonly nonce?: Uint8Array | undefined;
  /** Whether an answer without the nonce will do: a pre-signed one has none (RFC 9919 §4). */
  readonly mayOmitNonce?: boolean;
  readonly crypto: CryptoPort;
  readonly now: UnixMs;
}

/** What an authorised responder says of the certificate, in its time. */
export interface VerifiedOcspAnswer {
  readonly certStatus: OcspCertStatus;
  readonly producedAt: UnixMs;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs;
  /** True when the response repeats the nonce that was sent. */
  readonly hasNonce: boolean;
  /** The certificate whose key signed it: the issuer's own or that of its delegate. */
  readonly signer: Certificate;
}

/**
 * What the response says, if a responder signed it that the issuer has authorised: the issuer itself, or a
 * certificate issued directly by it with id-kp-OCSPSigning and id-pkix-ocsp-nocheck.
 *
 * Errors: what {@link parseOcspResponse} refuses; LS_OCSP_STATUS, LS_OCSP_UNAUTHORISED, LS_OCSP_SIGNATURE,
 * LS_OCSP_OTHER_CERTIFICATE, LS_OCSP_EXPIRED, LS_OCSP_FROM_FUTURE, LS_OCSP_NONCE.
 * Source: RFC 6960 §3.2, RFC 9919 §4.
 */
export function verifyOcspResponse(request: OcspVerification): Result<VerifiedOcspAnswer, Fault> {
  const parsed = parseOcspResponse(request.response);
  if (!parsed.ok) return parsed;
  if (parsed.value.status !== 'successful') {
    return err(fault('LS_OCSP_STATUS', `the responder answered "${parsed.value.status}"`));
  }
  const { basic } = parsed.value;
  const signer = signerOf(basic, request);
  if (!signer.ok) return signer;
  if (!usesAlgorithmOf(signer.value, basic) || !verifySigned(request.crypto, basic, signer.value.spki)) {
    return err(fault('LS_OCSP_SIGNATURE', 'the OCSP response was not signed by the key of its responder'));
  }
  const single = answerFor(basic, request);
  if (!single.ok) return single;
  const times = checkTimes(single.value, basic.producedAt, request.now);
  if (!times.ok) return times;
  const nonce = checkNonce(basic.nonce, request);
  if (!nonce.ok) return nonce;
  const { certStatus, thisUpdate } = single.value;
  return ok({
    certStatus,
    producedAt: basic.producedAt,
    thisUpdate,
    nextUpdate: times.value,
    hasNonce: nonce.value,
    signer: signer.value,
  });
}

/** Source: RFC 6960 §4.2.2.2. */
function signerOf(basic: BasicOcspResponse, request: OcspVerification): Result<Certificate, Fault> {
  const { issuer, crypto } = request;
  if (isResponder(basic.responderId, issuer, crypto)) return ok(issuer);
  for (const der of basic.certificates) {
    const certificate = parseCertificate(der);
    if (!certificate.ok) return certificate;
    if (!isResponder(basic.responderId, certificate.value, crypto)) continue;
    const unfit = whyUnfit(certificate.value, request);
    return unfit === undefined ? certificate : err(fault('LS_OCSP_UNAUTHORISED', unfit));
  }
  return err(
    fault('LS_OCSP_UNAUTHORISED', 'the OCSP response does not come with the certificate of its signer'),
  );
}

function isResponder(id: ResponderId, certificate: Certificate, crypto: CryptoPort): boolean {
  if (id.kind === 'name') return equalBytes(id.der, certificate.subject);
  const bits = publicKeyBits(certificate.spki);
  return bits.ok && equalBytes(id.keyHash, crypto.sha1(bits.value));
}

/** What keeps a delegated signer from answering for the issuer. */
function whyUnfit(signer: Certificate, request: OcspVerification): string | undefined {
  const { issuer, crypto, now } = request;
  if (!isIssuedBy(signer, issuer, crypto)) {
    return 'the CA that issued the certificate did not issue that of the responder';
  }
  const problem = whyNoResponder(signer) ?? checkCriticalExtensions(signer)?.detail;
  if (problem !== undefined) return problem;
  if (now < signer.notBefore - MAX_OCSP_SKEW_MS) return 'the certificate of the responder is not valid yet';
  return now > signer.notAfter ? 'the certificate of the responder has expired' : undefined;
}

function isIssuedBy(signer: Certificate, issuer: Certificate, crypto: CryptoPort): boolean {
  const keyId = signer.extensions.authorityKeyId?.value;
  return (
    equalBytes(signer.issuer, issuer.subject) &&
    keyId !== undefined &&
    pointsAt(keyId, issuer) &&
    usesAlgorithmOf(issuer, signer) &&
    verifySigned(crypto, signer, issuer.spki)
  );
}

/** Source: RFC 6960 §4.2.2.2 and §4.2.2.2.1. */
function whyNoResponder({ extensions }: Certificate): string | undefined {
  if (extensions.extendedKeyUsage?.value.includes(keyPurposes.ocspSigning) !== true) {
    return 'the certificate of the responder is not for signing OCSP responses';
  }
  if (extensions.ocspNoCheck === undefined) return 'the certificate of the responder could itself be revoked';
  if (extensions.keyUsage?.value.has('digitalSignature') !== true) return 'the responder may not sign';
  return extensions.basicConstraints?.value.ca === true ? 'the responder is a CA of its own' : undefined;
}

function answerFor(
  basic: BasicOcspResponse,
  { certificate, issuer, crypto }: OcspVerification,
): Result<SingleOcspResponse, Fault> {
  const names = ocspIssuerOf(issuer, crypto);
  if (!names.ok) return names;
  const single = basic.responses.find(({ certId }) =>
    namesCertificate(certId, names.value, certificate.serialHex),
  );
  if (single !== undefined && equalBytes(certificate.issuer, issuer.subject)) return ok(single);
  return err(
    fault(
      'LS_OCSP_OTHER_CERTIFICATE',
      `the OCSP response does not speak of certificate ${certificate.serialHex}`,
    ),
  );
}

/** nextUpdate. An answer without one claims to be the newest for ever, which nobody can: it is refused. */
function checkTimes(
  { thisUpdate, nextUpdate }: SingleOcspResponse,
  producedAt: UnixMs,
  now: UnixMs,
): Result<UnixMs, Fault> {
  const newest = Math.max(thisUpdate, producedAt);
  if (newest > now + MAX_OCSP_SKEW_MS) {
    return err(fault('LS_OCSP_FROM_FUTURE', `the OCSP response is from ${newest - now} ms ahead`));
  }
  if (nextUpdate === undefined) return err(fault('LS_OCSP_EXPIRED', 'the OCSP response has no nextUpdate'));
  if (nextUpdate < thisUpdate || now > nextUpdate) {
    return err(fault('LS_OCSP_EXPIRED', `the OCSP response ran out ${now - nextUpdate} ms ago`));
  }
  return ok(nextUpdate);
}

/** Whether the nonce came back. A wrong one is refused even where none is asked for. */
function checkNonce(
  found: Uint8Array | undefined,
  { nonce, mayOmitNonce = false }: OcspVerification,
): Result<boolean, Fault> {
  if (nonce === undefined) return ok(false);
  if (found === undefined && mayOmitNonce) return ok(false);
  if (found !== undefined && equalBytes(found, nonce)) return ok(true);
  const what = found === undefined ? 'no nonce' : 'another nonce';
  return err(fault('LS_OCSP_NONCE', `the OCSP response has ${what} than the request`));
}
