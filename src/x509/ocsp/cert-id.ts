import {
  concatBytes,
  equalBytes,
  fromHex,
  ok,
  toHex,
  type CryptoPort,
  type Fault,
  type Result,
} from '../../std/index.ts';
import {
  derElement,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derTag,
  type DerReader,
} from '../../codec/index.ts';
import type { Certificate } from '../certificate.ts';
import { MAX_SERIAL_BYTES } from '../extension-values.ts';
import { publicKeyBits } from '../public-key.ts';

/** The hashes that a CertID may be made with; RFC 9919 has clients move from the first to the second. */
export const ocspHashes = ['SHA-1', 'SHA-256'] as const;
export type OcspHash = (typeof ocspHashes)[number];

/** What a certificate is called in OCSP. Source: RFC 6960 §4.1.1. */
export interface OcspCertId {
  readonly hash: OcspHash;
  /** Hash of the issuer's DER Name: 20 or 32 bytes. */
  readonly issuerNameHash: Uint8Array;
  /** Hash of the issuer's public key bits: 20 or 32 bytes. */
  readonly issuerKeyHash: Uint8Array;
  /** Content bytes of the serialNumber, lower-case hexadecimal. */
  readonly serialHex: string;
}

/** What every CertID of one issuer begins with, by hash. */
export type OcspIssuer = Readonly<Record<OcspHash, Pick<OcspCertId, 'issuerNameHash' | 'issuerKeyHash'>>>;

const HASHES: Readonly<Record<OcspHash, { readonly oid: string; readonly bytes: number }>> = {
  'SHA-1': { oid: '1.3.14.3.2.26', bytes: 20 },
  'SHA-256': { oid: '2.16.840.1.101.3.4.2.1', bytes: 32 },
};
/** Parameters NULL, as every stock client writes and compares them. */
const IDENTIFIERS: Readonly<Record<OcspHash, Uint8Array>> = {
  'SHA-1': derSequence(derOid(HASHES['SHA-1'].oid), derNull()),
  'SHA-256': derSequence(derOid(HASHES['SHA-256'].oid), derNull()),
};

/** Errors: LS_DER_* for a public key that is none. */
export function ocspIssuerOf(issuer: Certificate, crypto: CryptoPort): Result<OcspIssuer, Fault> {
  const bits = publicKeyBits(issuer.spki);
  if (!bits.ok) return bits;
  return ok({
    'SHA-1': { issuerNameHash: crypto.sha1(issuer.subject), issuerKeyHash: crypto.sha1(bits.value) },
    'SHA-256': { issuerNameHash: crypto.sha256(issuer.subject), issuerKeyHash: crypto.sha256(bits.value) },
  });
}

/** The CertID of the issuer's certificate with this serial. */
export function ocspCertId(issuer: OcspIssuer, hash: OcspHash, serialHex: string): OcspCertId {
  return { hash, ...issuer[hash], serialHex };
}

/** True when the CertID names the issuer's certificate with this serial, by whichever hash. */
export function namesCertificate(certId: OcspCertId, issuer: OcspIssuer, serialHex: string): boolean {
  return certId.serialHex === serialHex && namesIssuer(certId, issuer);
}

export function namesIssuer(
  { hash, issuerNameHash, issuerKeyHash }: OcspCertId,
  issuer: OcspIssuer,
): boolean {
  const expected = issuer[hash];
  return (
    equalBytes(issuerNameHash, expected.issuerNameHash) && equalBytes(issuerKeyHash, expected.issuerKeyHash)
  );
}

/** Errors: LS_OCSP_HASH for another hash than SHA-1 and SHA-256, or a value of another length; LS_DER_*. */
export function readCertId(reader: DerReader): OcspCertId {
  return reader.sequence((body) => {
    const hash = readHash(body);
    const issuerNameHash = readHashValue(body, hash);
    const issuerKeyHash = readHashValue(body, hash);
    return { hash, issuerNameHash, issuerKeyHash, serialHex: toHex(body.integerBytes(MAX_SERIAL_BYTES)) };
  });
}

/** Requires: a serial as it is read, 1 to 20 bytes of lower-case hexadecimal; throws RangeError for others. */
export function encodeCertId({ hash, issuerNameHash, issuerKeyHash, serialHex }: OcspCertId): Uint8Array {
  const serial = fromHex(serialHex);
  if (serial === undefined || serial.length === 0) throw new RangeError(`not a serial number: ${serialHex}`);
  return derSequence(
    IDENTIFIERS[hash],
    derOctetString(issuerNameHash),
    derOctetString(issuerKeyHash),
    derElement(derTag.integer, serial),
  );
}

/** A key of this CertID for maps. */
export function certIdKey({ hash, issuerNameHash, issuerKeyHash, serialHex }: OcspCertId): string {
  return `${hash}/${toHex(concatBytes(issuerNameHash, issuerKeyHash))}/${serialHex}`;
}

/** Parameters are NULL or absent, whatever the client's library makes of them. Source: RFC 5754 §2. */
function readHash(reader: DerReader): OcspHash {
  return reader.sequence((body) => {
    const oid = body.oid();
    const hash = ocspHashes.find((each) => HASHES[each].oid === oid);
    if (hash === undefined) throw body.refusal('LS_OCSP_HASH', `CertID with hash algorithm ${oid}`);
    if (!body.atEnd) body.null();
    return hash;
  });
}

function readHashValue(reader: DerReader, hash: OcspHash): Uint8Array {
  const value = reader.octetString();
  if (value.length === HASHES[hash].bytes) return value;
  throw reader.refusal('LS_OCSP_HASH', `${hash} value of ${value.length} bytes`);
}
