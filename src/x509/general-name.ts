import {
  asciiText,
  contextConstructed,
  contextPrimitive,
  derContext,
  derElement,
  derOid,
  ia5Bytes,
  type DerReader,
} from '../codec/index.ts';
import { readName, type DistinguishedName } from './name.ts';

/** Source: RFC 5280 §4.2.1.6. */
export type GeneralName =
  | { readonly kind: 'uri'; readonly value: string }
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'email'; readonly value: string }
  /** 4 or 16 bytes. */
  | { readonly kind: 'ip'; readonly address: Uint8Array }
  | { readonly kind: 'directory'; readonly name: DistinguishedName }
  | { readonly kind: 'registered-id'; readonly oid: string }
  /** otherName [0], x400Address [3] and ediPartyName [5]: kept, never interpreted. */
  | { readonly kind: 'other'; readonly tagNumber: 0 | 3 | 5; readonly der: Uint8Array };

/** What a name constraint permits or excludes: a GeneralName, or for addresses a range. Source: RFC 5280 §4.2.1.10. */
export type NameConstraintBase =
  | Exclude<GeneralName, { readonly kind: 'ip' }>
  /** Both 4 or both 16 bytes; the mask is a CIDR prefix. */
  | { readonly kind: 'ip-range'; readonly address: Uint8Array; readonly mask: Uint8Array };

/** Most names in one GeneralNames. */
export const MAX_GENERAL_NAMES = 256;

/** CHOICE tags of GeneralName. */
const TAG = { email: 1, dns: 2, directory: 4, uri: 6, ip: 7, registeredId: 8 } as const;

/** Source: RFC 5280 §4.2.1.6: GeneralNames has at least one member. */
export function readGeneralNames(reader: DerReader): readonly GeneralName[] {
  return reader.list(1, MAX_GENERAL_NAMES, readGeneralName);
}

export function readGeneralName(reader: DerReader): GeneralName {
  if (reader.peek() !== contextPrimitive(TAG.ip)) return readNameForm(reader);
  const address = reader.any().body;
  if (address.length !== 4 && address.length !== 16) {
    throw reader.refusal('LS_X509_GENERAL_NAME', `iPAddress of ${address.length} bytes`);
  }
  return { kind: 'ip', address };
}

/** The base of a GeneralSubtree: addresses are ranges there. Source: RFC 5280 §4.2.1.10. */
export function readConstraintBase(reader: DerReader): NameConstraintBase {
  if (reader.peek() !== contextPrimitive(TAG.ip)) return readNameForm(reader);
  const { body } = reader.any();
  const half = body.length / 2;
  const mask = body.subarray(half);
  if ((half !== 4 && half !== 16) || !isPrefixMask(mask)) {
    throw reader.refusal(
      'LS_X509_GENERAL_NAME',
      'iPAddress constraint that is not an address and a prefix mask',
    );
  }
  return { kind: 'ip-range', address: body.subarray(0, half), mask };
}

/** DER of a GeneralName. `other` is written as it was read. Throws RangeError for text beyond ASCII. */
export function encodeGeneralName(name: GeneralName | NameConstraintBase): Uint8Array {
  switch (name.kind) {
    case 'uri':
      return derElement(contextPrimitive(TAG.uri), ia5Bytes(name.value));
    case 'dns':
      return derElement(contextPrimitive(TAG.dns), ia5Bytes(name.value));
    case 'email':
      return derElement(contextPrimitive(TAG.email), ia5Bytes(name.value));
    case 'ip':
      return derElement(contextPrimitive(TAG.ip), name.address);
    case 'ip-range':
      return derElement(contextPrimitive(TAG.ip), name.address, name.mask);
    case 'directory':
      return derContext(TAG.directory, name.name.der);
    case 'registered-id':
      return retag(contextPrimitive(TAG.registeredId), derOid(name.oid));
    case 'other':
      return name.der;
  }
}

function readNameForm(reader: DerReader): Exclude<GeneralName, { readonly kind: 'ip' }> {
  switch (reader.peek()) {
    case contextPrimitive(TAG.uri):
      return { kind: 'uri', value: readIa5(reader) };
    case contextPrimitive(TAG.dns):
      return { kind: 'dns', value: readIa5(reader) };
    case contextPrimitive(TAG.email):
      return { kind: 'email', value: readIa5(reader) };
    case contextConstructed(TAG.directory):
      return { kind: 'directory', name: reader.context(TAG.directory, readName) };
    case contextPrimitive(TAG.registeredId):
      return { kind: 'registered-id', oid: reader.oid(contextPrimitive(TAG.registeredId)) };
    case contextConstructed(0):
      return { kind: 'other', tagNumber: 0, der: reader.any().der };
    case contextConstructed(3):
      return { kind: 'other', tagNumber: 3, der: reader.any().der };
    case contextConstructed(5):
      return { kind: 'other', tagNumber: 5, der: reader.any().der };
    default:
      throw reader.refusal('LS_X509_GENERAL_NAME', 'no GeneralName');
  }
}

function readIa5(reader: DerReader): string {
  const text = asciiText(reader.any().body);
  if (text === undefined) throw reader.refusal('LS_DER_STRING', 'name beyond ASCII');
  return text;
}

function isPrefixMask(mask: Uint8Array): boolean {
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits);
}

function retag(tag: number, der: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(der);
  copy[0] = tag;
  return copy;
}
