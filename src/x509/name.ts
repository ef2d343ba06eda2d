import { fromUtf8 } from '../std/index.ts';
import { asciiText, derTag, type DerElement, type DerReader } from '../codec/index.ts';

/** The string type an attribute value was encoded with; `other` for anything that is not a DirectoryString or IA5String. */
export type NameStringType = 'utf8' | 'printable' | 'ia5' | 'teletex' | 'bmp' | 'universal' | 'other';

export interface NameAttribute {
  /** Attribute type, dotted. */
  readonly oid: string;
  readonly stringType: NameStringType;
  /** The value as text; null when it is no string type, or one whose text is not defined (teletex beyond ASCII). */
  readonly text: string | null;
  /** The value as it stood in the DER, tag and length included. */
  readonly der: Uint8Array;
}

/** An X.501 Name. Source: RFC 5280 §4.1.2.4. */
export interface DistinguishedName {
  /** The whole Name SEQUENCE. */
  readonly der: Uint8Array;
  /** In the order of the DER (most significant first); each holds one or more attributes. */
  readonly rdns: readonly (readonly NameAttribute[])[];
}

/** Most RDNs in a Name, and most attributes in one RDN. */
export const MAX_RDNS = 32;

/** Reads a Name; string values must be well-formed in their type (LS_DER_STRING). */
export function readName(reader: DerReader): DistinguishedName {
  const { value: rdns, der } = reader.captured(() =>
    reader.sequenceOf(0, MAX_RDNS, (rdn) => rdn.setOf(1, MAX_RDNS, readAttribute)),
  );
  return { der, rdns };
}

/** The texts of all attributes of this type, in the order of the DER. */
export function attributeTexts(name: DistinguishedName, oid: string): readonly (string | null)[] {
  const texts: (string | null)[] = [];
  for (const rdn of name.rdns) {
    for (const attribute of rdn) if (attribute.oid === oid) texts.push(attribute.text);
  }
  return texts;
}

/** Reads one value of any type; a string must be well-formed in its type (LS_DER_STRING). */
export function readText(reader: DerReader): Omit<NameAttribute, 'oid'> {
  const value = reader.any();
  const stringType = STRING_TYPES.get(value.tag) ?? 'other';
  const text = textOf(stringType, value);
  if (text === undefined) throw reader.refusal('LS_DER_STRING', `not a well-formed ${stringType} string`);
  return { stringType, text, der: value.der };
}

function readAttribute(reader: DerReader): NameAttribute {
  return reader.sequence((body) => ({ oid: body.oid(), ...readText(body) }));
}

const STRING_TYPES: ReadonlyMap<number, NameStringType> = new Map<number, NameStringType>([
  [derTag.utf8String, 'utf8'],
  [derTag.printableString, 'printable'],
  [derTag.ia5String, 'ia5'],
  [derTag.teletexString, 'teletex'],
  [derTag.bmpString, 'bmp'],
  [derTag.universalString, 'universal'],
]);

const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

/** Undefined when the value breaks the rules of its type. */
function textOf(type: NameStringType, { body }: DerElement): string | null | undefined {
  switch (type) {
    case 'utf8':
      return asciiText(body) ?? fromUtf8(body);
    case 'printable':
      return printableText(body);
    case 'ia5':
      return asciiText(body);
    case 'teletex':
      return asciiText(body) ?? null;
    case 'bmp':
      return codePoints(body, 2);
    case 'universal':
      return codePoints(body, 4);
    case 'other':
      return null;
  }
}

function printableText(body: Uint8Array): string | undefined {
  const text = asciiText(body);
  return text !== undefined && PRINTABLE.test(text) ? text : undefined;
}

/** Big-endian code points of a fixed width; surrogates and values beyond Unicode are malformed. */
function codePoints(body: Uint8Array, width: 2 | 4): string | undefined {
  if (body.length % width !== 0) return undefined;
  let text = '';
  for (let at = 0; at < body.length; at += width) {
    let point = 0;
    for (let i = 0; i < width; i++) point = point * 256 + (body[at + i] ?? 0);
    if (point > 0x10_ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}
