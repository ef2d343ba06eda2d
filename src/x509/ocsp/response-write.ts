import type { Signer, UnixMs } from '../../std/index.ts';
import {
  contextPrimitive,
  derBitString,
  derContext,
  derElement,
  derGeneralizedTime,
  derOctetString,
  derOid,
  derSequence,
  derTag,
  derUnsigned,
} from '../../codec/index.ts';
import { encodeAlgorithm } from '../algorithm.ts';
import { codeOfReason } from '../crl-entry.ts';
import { oids } from '../oids.ts';
import { signedBits } from '../signed.ts';
import { encodeCertId } from './cert-id.ts';
import { encodeNonce } from './extensions.ts';
import {
  codeOfStatus,
  type OcspCertStatus,
  type OcspErrorStatus,
  type SingleOcspResponse,
} from './response.ts';

export interface OcspResponseFields {
  /** SHA-1 of the signer's public key bits. RFC 9919 §3.2.1: byKey keeps answers small. */
  readonly responderKeyHash: Uint8Array;
  readonly producedAt: UnixMs;
  readonly responses: readonly SingleOcspResponse[];
  readonly nonce: Uint8Array | undefined;
  /** DER: the delegated signer's certificate. */
  readonly certificates: readonly Uint8Array[];
}

/** A DER OCSPResponse with a signed BasicOCSPResponse. Times are rounded down to seconds. Source: RFC 6960 §4.2.1. */
export function signOcspResponse(fields: OcspResponseFields, signer: Signer): Uint8Array {
  const data = encodeResponseData(fields);
  const certificates =
    fields.certificates.length === 0 ? [] : [derContext(0, derSequence(...fields.certificates))];
  const signature = derBitString(signedBits(data, signer));
  const basic = derSequence(data, encodeAlgorithm(signer.algorithm), signature, ...certificates);
  return derSequence(SUCCESSFUL, derContext(0, derSequence(BASIC_TYPE, derOctetString(basic))));
}

/** An OCSPResponse without an answer. Source: RFC 6960 §2.3. */
export function encodeOcspError(status: OcspErrorStatus): Uint8Array {
  return derSequence(derUnsigned(codeOfStatus(status), derTag.enumerated));
}

function encodeResponseData(fields: OcspResponseFields): Uint8Array {
  return derSequence(
    derContext(2, derOctetString(fields.responderKeyHash)),
    derGeneralizedTime(fields.producedAt),
    derSequence(...fields.responses.map(encodeSingle)),
    ...(fields.nonce === undefined ? [] : [derContext(1, encodeNonce(fields.nonce))]),
  );
}

function encodeSingle({ certId, certStatus, thisUpdate, nextUpdate }: SingleOcspResponse): Uint8Array {
  return derSequence(
    encodeCertId(certId),
    encodeCertStatus(certStatus),
    derGeneralizedTime(thisUpdate),
    ...(nextUpdate === undefined ? [] : [derContext(0, derGeneralizedTime(nextUpdate))]),
  );
}

/** `unspecified` is written as no reason at all, as in CRLs (RFC 5280 §5.3.1). */
function encodeCertStatus(certStatus: OcspCertStatus): Uint8Array {
  switch (certStatus.status) {
    case 'good':
      return derElement(contextPrimitive(0));
    case 'unknown':
      return derElement(contextPrimitive(2));
    case 'revoked': {
      const { revokedAt, reason } = certStatus;
      const code = derContext(0, derUnsigned(codeOfReason(reason), derTag.enumerated));
      return derContext(1, derGeneralizedTime(revokedAt), ...(reason === 'unspecified' ? [] : [code]));
    }
  }
}

const SUCCESSFUL = derUnsigned(codeOfStatus('successful'), derTag.enumerated);
const BASIC_TYPE = derOid(oids.ocspBasicResponse);
