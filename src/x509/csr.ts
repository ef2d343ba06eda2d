import {
  err,
  fault,
  ok,
  type Brand,
  type CryptoPort,
  type Fault,
  type Result,
  type SignatureAlgorithm,
} from '../std/index.ts';
import { derTag, readDer, type DerReader } from '../codec/index.ts';
import type { CertificateExtensions } from './extensions.ts';
import { readCertificateExtensions } from './extensions-read.ts';
import { readName, readText, type DistinguishedName } from './name.ts';
import { oids } from './oids.ts';
import { readPublicKey } from './public-key.ts';
import { readSigned, verifySigned, type SignedObject } from './signed.ts';

/** Longest request that is read. */
export const MAX_CSR_BYTES = 8 * 1024;
const MAX_ATTRIBUTES = 16;
/** Source: RFC 2985, pkcs-9-ub-challengePassword. */
export const MAX_CHALLENGE_PASSWORD_LENGTH = 255;

/** A well-formed PKCS#10 request whose proof of possession nobody has checked. Source: RFC 2986 §4. */
export interface CertificationRequest extends SignedObject {
  readonly der: Uint8Array;
  readonly subject: Uint8Array;
  readonly subjectName: DistinguishedName;
  readonly spki: Uint8Array;
  readonly keyAlgorithm: SignatureAlgorithm;
  /** PKCS#9 challengePassword. Source: RFC 2985 §5.4.1. */
  readonly challengePassword: string | undefined;
  /** PKCS#9 extensionRequest: wishes, never grants. Source: RFC 2985 §5.4.2. */
  readonly extensionRequest: CertificateExtensions | undefined;
}

/** A request signed by the very key it asks a certificate for. Only `verifyCsr` makes one. */
export type ProvenCsr = Brand<CertificationRequest, 'ProvenCsr'>;

interface Attributes {
  challengePassword: string | undefined;
  extensionRequest: CertificateExtensions | undefined;
}

/**
 * Parses a DER request of at most {@link MAX_CSR_BYTES}. The bytes are copied. Attributes that lifesign does
 * not know are ignored; the order of attributes is not checked, because widespread tools do not sort them.
 * Errors: LS_DER_*, LS_X509_VERSION, LS_X509_KEY_ALGORITHM, LS_X509_ALGORITHM, LS_X509_CSR_ATTRIBUTE, and
 * those of extensions. Source: RFC 2986 §4.
 */
export function parseCsr(der: Uint8Array): Result<CertificationRequest, Fault> {
  const kept = new Uint8Array(der.subarray(0, MAX_CSR_BYTES + 1));
  const parsed = readDer('certification request', kept, MAX_CSR_BYTES, (reader) => {
    const request = readSigned(reader, readRequestInfo);
    if (request.signatureAlgorithm.algorithm !== request.keyAlgorithm) {
      throw reader.refusal(
        'LS_X509_ALGORITHM',
        `signature algorithm ${request.signatureAlgorithm.oid} is not the key's`,
      );
    }
    return request;
  });
  return parsed.ok ? ok({ der: kept, ...parsed.value }) : parsed;
}

/** Checks the proof of possession: the request's signature by its own key. Errors: LS_X509_POSSESSION. */
export function verifyCsr(request: CertificationRequest, crypto: CryptoPort): Result<ProvenCsr, Fault> {
  return verifySigned(crypto, request, request.spki)
    ? ok(request as ProvenCsr)
    : err(fault('LS_X509_POSSESSION', 'the request is not signed by the key it names'));
}

function readRequestInfo(reader: DerReader) {
  const version = reader.unsigned(255);
  if (version !== 0) throw reader.refusal('LS_X509_VERSION', `version field ${version}`);
  const subjectName = readName(reader);
  const { spki, keyAlgorithm } = readPublicKey(reader);
  if (keyAlgorithm === null) {
    throw reader.refusal('LS_X509_KEY_ALGORITHM', 'the key is neither P-256, P-384 nor Ed25519');
  }
  const attributes = reader.context(0, readAttributes);
  return {
    algorithm: undefined,
    value: { subject: subjectName.der, subjectName, spki, keyAlgorithm, ...attributes },
  };
}

function readAttributes(reader: DerReader): Attributes {
  const attributes: Attributes = { challengePassword: undefined, extensionRequest: undefined };
  const seen = new Set<string>();
  reader.list(0, MAX_ATTRIBUTES, (member) => {
    member.sequence((body) => {
      const oid = body.oid();
      if (seen.has(oid)) throw body.refusal('LS_X509_CSR_ATTRIBUTE', `attribute ${oid} for the second time`);
      seen.add(oid);
      readAttribute(body, oid, attributes);
    });
  });
  return attributes;
}

function readAttribute(reader: DerReader, oid: string, attributes: Attributes): void {
  switch (oid) {
    case oids.challengePassword:
      attributes.challengePassword = single(reader, readChallengePassword);
      return;
    case oids.extensionRequest:
      attributes.extensionRequest = single(reader, readCertificateExtensions);
      return;
    default:
      reader.element(derTag.set);
  }
}

function readChallengePassword(reader: DerReader): string {
  const { stringType, text } = readText(reader);
  const isDirectoryText = stringType === 'utf8' || stringType === 'printable' || stringType === 'ia5';
  if (!isDirectoryText || text === null || text.length === 0 || text.length > MAX_CHALLENGE_PASSWORD_LENGTH) {
    throw reader.refusal('LS_X509_CSR_ATTRIBUTE', 'challengePassword that is no text of 1 to 255 characters');
  }
  return text;
}

/** Both attributes are SINGLE VALUE. */
function single<T>(reader: DerReader, read: (reader: DerReader) => T): T {
  return reader.constructed(derTag.set, read);
}
