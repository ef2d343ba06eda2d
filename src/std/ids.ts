import { toHex } from './bytes.ts';
import type { Brand } from './brand.ts';

/** A node's identity for life: 16 random bytes picked by the CA, as 32 lower-case hex digits. */
export type NodeId = Brand<string, 'NodeId'>;
/** A certificate's serialNumber: 16 bytes as 32 lower-case hex digits. */
export type SerialNumber = Brand<string, 'SerialNumber'>;
/** First 16 bytes of SHA-256(DER issuer Name ‖ DER INTEGER serial), as 32 lower-case hex digits. */
export type CertId = Brand<string, 'CertId'>;
/** A SHA-256 value as 64 lower-case hex digits. */
export type Digest = Brand<string, 'Digest'>;
/** SHA-256 of the genesis root's SubjectPublicKeyInfo: names the trust domain across root rollovers. 32 bytes. */
export type DomainId = Brand<Uint8Array, 'DomainId'>;
/** A node's name inside its trust domain: one lower-case DNS label. */
export type NodeName = Brand<string, 'NodeName'>;

const ID_BYTES = 16;
const DIGEST_BYTES = 32;
const HEX_ID = /^[0-9a-f]{32}$/;
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function nodeIdOf(bytes: Uint8Array): NodeId | undefined {
  return bytes.length === ID_BYTES ? (toHex(bytes) as NodeId) : undefined;
}

export function parseNodeId(text: string): NodeId | undefined {
  return HEX_ID.test(text) ? (text as NodeId) : undefined;
}

export function serialNumberOf(bytes: Uint8Array): SerialNumber | undefined {
  return bytes.length === ID_BYTES ? (toHex(bytes) as SerialNumber) : undefined;
}

export function parseSerialNumber(text: string): SerialNumber | undefined {
  return HEX_ID.test(text) ? (text as SerialNumber) : undefined;
}

export function certIdOf(bytes: Uint8Array): CertId | undefined {
  return bytes.length === ID_BYTES ? (toHex(bytes) as CertId) : undefined;
}

export function digestOf(bytes: Uint8Array): Digest | undefined {
  return bytes.length === DIGEST_BYTES ? (toHex(bytes) as Digest) : undefined;
}

export function domainIdOf(bytes: Uint8Array): DomainId | undefined {
  return bytes.length === DIGEST_BYTES ? (bytes as DomainId) : undefined;
}

/** Accepts one lower-case DNS label (RFC 1035 §2.3.1 with a leading digit allowed by RFC 1123 §2.1). */
export function parseNodeName(text: string): NodeName | undefined {
  return DNS_LABEL.test(text) ? (text as NodeName) : undefined;
}
