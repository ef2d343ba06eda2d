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
