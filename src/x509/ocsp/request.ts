import type { Fault, Result } from '../../std/index.ts';
import { contextConstructed, derContext, derSequence, readDer, type DerReader } from '../../codec/index.ts';
import { readAlgorithm } from '../algorithm.ts';
import { readGeneralName } from '../general-name.ts';
import { encodeCertId, readCertId, type OcspCertId } from './cert-id.ts';
import { encodeNonce, readNonce, readNothing } from './extensions.ts';
import { MAX_OCSP_CERTIFICATES, MAX_OCSP_CERT_IDS, MAX_OCSP_REQUEST_BYTES } from './limits.ts';

/** Which certificates are asked about. Source: RFC 6960 §4.1. */
export interface OcspRequest {
  /** 1 to MAX_OCSP_CERT_IDS; RFC 9919 §3.1.1 has clients ask about one. */
  readonly certIds: readonly OcspCertId[];
  /** 1 to MAX_OCSP_NONCE_BYTES bytes. */
  readonly nonce: Uint8Array | undefined;
}

/**
 * Parses a DER OCSPRequest of at most MAX_OCSP_REQUEST_BYTES. Who asks, and a signature, are read for their form and
 * then passed over: the answer is the same for everybody.
 * Errors: LS_DER_*, LS_OCSP_HASH, LS_OCSP_NONCE_LENGTH, LS_OCSP_CRITICAL_EXTENSION, LS_X509_DUPLICATE_EXTENSION,
 * LS_X509_GENERAL_NAME.
 */
export function parseOcspRequest(der: Uint8Array): Result<OcspRequest, Fault> {
  return readDer('OCSP request', der, MAX_OCSP_REQUEST_BYTES, (reader) =>
    reader.sequence((body) => {
      const request = body.sequence(readTbsRequest);
      body.optional(contextConstructed(0), (r) => r.context(0, readSignature));
      return request;
    }),
  );
}

export function encodeOcspRequest({ certIds, nonce }: OcspRequest): Uint8Array {
  const requestList = derSequence(...certIds.map((certId) => derSequence(encodeCertId(certId))));
  const extensions = nonce === undefined ? [] : [derContext(2, encodeNonce(nonce))];
  return derSequence(derSequence(requestList, ...extensions));
}

/** DEFAULT v1 is absent in DER. */
function readTbsRequest(reader: DerReader): OcspRequest {
  reader.optional(contextConstructed(1), (r) => r.context(1, readGeneralName));
  const certIds = reader.sequenceOf(1, MAX_OCSP_CERT_IDS, (request) => request.sequence(readRequest));
  const nonce = reader.optional(contextConstructed(2), (r) => r.context(2, readNonce));
  return { certIds, nonce };
}

function readRequest(reader: DerReader): OcspCertId {
  const certId = readCertId(reader);
  reader.optional(contextConstructed(0), (r) => r.context(0, readNothing));
  return certId;
}

/** Source: RFC 6960 §4.1.1, Signature. */
function readSignature(reader: DerReader): void {
  reader.sequence((body) => {
    readAlgorithm(body);
    body.bitStringBytes();
    body.optional(contextConstructed(0), (r) =>
      r.context(0, (certificates) => certificates.sequenceOf(0, MAX_OCSP_CERTIFICATES, (each) => each.any())),
    );
  });
}
