import { certIdOf, fromHex, parseNodeId, type CertId, type CryptoPort, type NodeId } from '../std/index.ts';
import { derElement, derTag } from '../codec/index.ts';
import type { Certificate } from './certificate.ts';
import { attributeTexts } from './name.ts';
import { oids } from './oids.ts';
import { parseSpiffeId, type SpiffeId } from './spiffe.ts';

const CERT_ID_BYTES = 16;

/** First 16 bytes of SHA-256(DER issuer Name ‖ DER INTEGER serial). */
export function certIdOfCertificate(certificate: Certificate, crypto: CryptoPort): CertId {
  const serial = fromHex(certificate.serialHex) ?? new Uint8Array();
  const digest = crypto.sha256(certificate.issuer, derElement(derTag.integer, serial));
  const certId = certIdOf(digest.subarray(0, CERT_ID_BYTES));
  if (certId === undefined) throw new RangeError('crypto port: SHA-256 shorter than 16 bytes');
  return certId;
}

/**
 * The SPIFFE id of an X.509-SVID; undefined unless the certificate has exactly one URI name and that is one.
 * Source: SPIFFE X509-SVID §2.
 */
export function spiffeIdOf(certificate: Certificate): SpiffeId | undefined {
  const names = certificate.extensions.subjectAltName?.value ?? [];
  const uris = names.flatMap((name) => (name.kind === 'uri' ? [name.value] : []));
  const [only, ...others] = uris;
  return only === undefined || others.length > 0 ? undefined : parseSpiffeId(only);
}

/** The subject's commonName; undefined unless there is exactly one and it is text. */
export function commonNameOf(certificate: Certificate): string | undefined {
  return onlyText(certificate, oids.commonName);
}

/** The subject's serialNumber attribute; undefined unless there is exactly one and it is text. */
export function subjectSerialNumberOf(certificate: Certificate): string | undefined {
  return onlyText(certificate, oids.serialNumber);
}

/** The nodeId in the subject's serialNumber attribute; undefined when there is none. */
export function nodeIdOfCertificate(certificate: Certificate): NodeId | undefined {
  return parseNodeId(subjectSerialNumberOf(certificate) ?? '');
}

function onlyText(certificate: Certificate, oid: string): string | undefined {
  const [only, ...others] = attributeTexts(certificate.subjectName, oid);
  return others.length > 0 ? undefined : (only ?? undefined);
}
