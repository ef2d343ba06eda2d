import type { Fault, Result, UnixMs } from '../../std/index.ts';
import { contextConstructed, contextPrimitive, derTag, readDer, type DerReader } from '../../codec/index.ts';
import { readAlgorithm } from '../algorithm.ts';
import { reasonOfCode, type CrlReason } from '../crl-entry.ts';
import { readName } from '../name.ts';
import { oids } from '../oids.ts';
import type { SignedObject } from '../signed.ts';
import { readCertId, type OcspCertId } from './cert-id.ts';
import { readNonce, readNothing } from './extensions.ts';
import { MAX_OCSP_CERTIFICATES, MAX_OCSP_CERT_IDS, MAX_OCSP_RESPONSE_BYTES } from './limits.ts';

/** In the order of their codes; 4 is not used. Source: RFC 6960 §4.2.1. */
const STATUSES = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
] as const;
export type OcspStatus = NonNullable<(typeof STATUSES)[number]>;
/** Why there is no answer. Nobody signs it. */
export type OcspErrorStatus = Exclude<OcspStatus, 'successful'>;

/** What a certificate is, in the words of RFC 6960 §2.2. */
export type OcspCertStatus =
  | { readonly status: 'good' }
  /** `unspecified` when no reason is given. */
  | { readonly status: 'revoked'; readonly revokedAt: UnixMs; readonly reason: CrlReason }
  | { readonly status: 'unknown' };

/** The answer about one certificate. Source: RFC 6960 §4.2.1. */
export interface SingleOcspResponse {
  readonly certId: OcspCertId;
  readonly certStatus: OcspCertStatus;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs | undefined;
}

export type ResponderId =
  | { readonly kind: 'name'; readonly der: Uint8Array }
  /** SHA-1 of the public key bits, 20 bytes. */
  | { readonly kind: 'key'; readonly keyHash: Uint8Array };

/** A well-formed BasicOCSPResponse whose signature nobody has looked at. `tbs` is the ResponseData. */
export interface BasicOcspResponse extends SignedObject {
  readonly responderId: ResponderId;
  readonly producedAt: UnixMs;
  readonly responses: readonly SingleOcspResponse[];
  readonly nonce: Uint8Array | undefined;
  /** DER of certificates that may show who signed it. */
  readonly certificates: readonly Uint8Array[];
}

export type OcspResponse =
  { readonly status: 'successful'; readonly basic: BasicOcspResponse } | { readonly status: OcspErrorStatus };

const KEY_HASH_BYTES = 20;

/**
 * Parses a DER OCSPResponse of at most MAX_OCSP_RESPONSE_BYTES.
 * Errors: LS_DER_*, LS_OCSP_RESPONSE, LS_OCSP_HASH, LS_OCSP_NONCE_LENGTH, LS_OCSP_CRITICAL_EXTENSION,
 * LS_X509_DUPLICATE_EXTENSION. Source: RFC 6960 §4.2.1.
 */
export function parseOcspResponse(der: Uint8Array): Result<OcspResponse, Fault> {
  return readDer('OCSP response', der, MAX_OCSP_RESPONSE_BYTES, (reader) =>
    reader.sequence((body) => {
      const status = readStatus(body);
      if (status !== 'successful') return { status };
      const basic = body.context(0, (explicit) => explicit.sequence(readResponseBytes));
      return { status, basic };
    }),
  );
}

export function codeOfStatus(status: OcspStatus): number {
  return STATUSES.indexOf(status);
}

function readStatus(reader: DerReader): OcspStatus {
  const code = reader.unsigned(255, derTag.enumerated);
  const status = STATUSES[code];
  if (status === undefined) throw reader.refusal('LS_OCSP_RESPONSE', `response status ${code}`);
  return status;
}

function readResponseBytes(reader: DerReader): BasicOcspResponse {
  const type = reader.oid();
  if (type !== oids.ocspBasicResponse) {
    throw reader.refusal('LS_OCSP_RESPONSE', `response of the type ${type}`);
  }
  return reader.octetStringOf(readBasic);
}

function readBasic(reader: DerReader): BasicOcspResponse {
  return reader.sequence((body) => {
    const { value: data, der: tbs } = body.captured(() => body.sequence(readResponseData));
    const signatureAlgorithm = readAlgorithm(body);
    const signature = body.bitStringBytes();
    const certificates = body.optional(contextConstructed(0), (r) => r.context(0, readCertificates)) ?? [];
    return { ...data, tbs, signatureAlgorithm, signature, certificates };
  });
}

function readCertificates(reader: DerReader): readonly Uint8Array[] {
  return reader.sequenceOf(1, MAX_OCSP_CERTIFICATES, (each) => each.element(derTag.sequence).der);
}

/** DEFAULT v1 is absent in DER. */
function readResponseData(reader: DerReader) {
  const responderId = readResponderId(reader);
  const producedAt = reader.generalizedTime();
  const responses = reader.sequenceOf(1, MAX_OCSP_CERT_IDS, readSingle);
  const nonce = reader.optional(contextConstructed(1), (r) => r.context(1, readNonce));
  return { responderId, producedAt, responses, nonce };
}

function readResponderId(reader: DerReader): ResponderId {
  if (reader.peek() === contextConstructed(1)) {
    return { kind: 'name', der: reader.context(1, (r) => readName(r).der) };
  }
  const keyHash = reader.context(2, (r) => r.octetString());
  if (keyHash.length === KEY_HASH_BYTES) return { kind: 'key', keyHash };
  throw reader.refusal('LS_OCSP_RESPONSE', `responder key hash of ${keyHash.length} bytes`);
}

function readSingle(reader: DerReader): SingleOcspResponse {
  return reader.sequence((body) => {
    const certId = readCertId(body);
    const certStatus = readCertStatus(body);
    const thisUpdate = body.generalizedTime();
    const nextUpdate = body.optional(contextConstructed(0), (r) => r.context(0, (t) => t.generalizedTime()));
    body.optional(contextConstructed(1), (r) => r.context(1, readNothing));
    return { certId, certStatus, thisUpdate, nextUpdate };
  });
}

function readCertStatus(reader: DerReader): OcspCertStatus {
  switch (reader.peek()) {
    case contextPrimitive(0):
      readEmpty(reader);
      return { status: 'good' };
    case contextPrimitive(2):
      readEmpty(reader);
      return { status: 'unknown' };
    default:
      return reader.context(1, readRevokedInfo);
  }
}

function readRevokedInfo(reader: DerReader): OcspCertStatus {
  const revokedAt = reader.generalizedTime();
  const reason = reader.optional(contextConstructed(0), (r) => r.context(0, readReason)) ?? 'unspecified';
  return { status: 'revoked', revokedAt, reason };
}

function readReason(reader: DerReader): CrlReason {
  const code = reader.unsigned(255, derTag.enumerated);
  const reason = reasonOfCode(code);
  if (reason === undefined) throw reader.refusal('LS_OCSP_RESPONSE', `reason code ${code}`);
  return reason;
}

/** `[n] IMPLICIT NULL`. */
function readEmpty(reader: DerReader): void {
  if (reader.any().body.length > 0) throw reader.refusal('LS_DER_NULL', 'NULL with content');
}
