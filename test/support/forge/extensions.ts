import {
  contextConstructed,
  contextPrimitive,
  derBoolean,
  derElement,
  derNamedBits,
  derOctetString,
  derOid,
  derSequence,
  derUnsigned,
} from '../../../src/codec/index.ts';
import { utf8 } from '../../../src/std/index.ts';

/** One extension of any OID and content, well-formed or not. */
export function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  return derSequence(derOid(oid), ...(critical ? [derBoolean(true)] : []), derOctetString(value));
}

export function basicConstraints(ca: boolean, pathLen?: number, critical = true): Uint8Array {
  const members = [
    ...(ca ? [derBoolean(true)] : []),
    ...(pathLen === undefined ? [] : [derUnsigned(pathLen)]),
  ];
  return extension('2.5.29.19', critical, derSequence(...members));
}

const KEY_USAGE_BITS = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 } as const;

export function keyUsage(...usages: readonly (keyof typeof KEY_USAGE_BITS)[]): Uint8Array {
  return extension('2.5.29.15', true, derNamedBits(usages.map((usage) => KEY_USAGE_BITS[usage])));
}

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
export const EMAIL_PROTECTION = '1.3.6.1.5.5.7.3.4';

export function extendedKeyUsage(...oids: readonly string[]): Uint8Array {
  return extension('2.5.29.37', false, derSequence(...oids.map((oid) => derOid(oid))));
}

export function subjectKeyId(keyId: Uint8Array, critical = false): Uint8Array {
  return extension('2.5.29.14', critical, derOctetString(keyId));
}

export function authorityKeyId(
  keyId: Uint8Array,
  critical = false,
  certificate?: { readonly issuer: Uint8Array; readonly serial: Uint8Array },
): Uint8Array {
  const members = [derElement(contextPrimitive(0), keyId)];
  if (certificate !== undefined) {
    members.push(derElement(contextConstructed(1), directory(certificate.issuer)));
    members.push(derElement(contextPrimitive(2), certificate.serial));
  }
  return extension('2.5.29.35', critical, derSequence(...members));
}

export const email = (value: string): Uint8Array => derElement(contextPrimitive(1), utf8(value));
export const dns = (value: string): Uint8Array => derElement(contextPrimitive(2), utf8(value));
export const directory = (name: Uint8Array): Uint8Array => derElement(contextConstructed(4), name);
export const uri = (value: string): Uint8Array => derElement(contextPrimitive(6), utf8(value));
/** An address; in a constraint address and mask in one. */
export const ip = (...octets: readonly number[]): Uint8Array =>
  derElement(contextPrimitive(7), Uint8Array.from(octets));

export function subjectAltName(...names: readonly Uint8Array[]): Uint8Array {
  return extension('2.5.29.17', false, derSequence(...names));
}

export interface Subtrees {
  readonly permitted?: readonly Uint8Array[];
  readonly excluded?: readonly Uint8Array[];
}

export function nameConstraints({ permitted = [], excluded = [] }: Subtrees): Uint8Array {
  const members = [
    ...(permitted.length > 0 ? [subtrees(0, permitted)] : []),
    ...(excluded.length > 0 ? [subtrees(1, excluded)] : []),
  ];
  return extension('2.5.29.30', true, derSequence(...members));
}

function subtrees(number: number, bases: readonly Uint8Array[]): Uint8Array {
  return derElement(contextConstructed(number), ...bases.map((base) => derSequence(base)));
}

/** cRLDistributionPoints with one point that has these names. */
export function crlDistributionPoints(...names: readonly Uint8Array[]): Uint8Array {
  return extension('2.5.29.31', false, derSequence(derSequence(pointNamed(names))));
}

/** issuingDistributionPoint that names where the CRL is, and does not limit it otherwise. */
export function issuingDistributionPoint(...names: readonly Uint8Array[]): Uint8Array {
  return extension('2.5.29.28', true, derSequence(pointNamed(names)));
}

function pointNamed(names: readonly Uint8Array[]): Uint8Array {
  return derElement(contextConstructed(0), derElement(contextConstructed(0), ...names));
}
