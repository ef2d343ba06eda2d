import { toHex } from '../std/index.ts';
import { contextConstructed, contextPrimitive, derTag, type DerReader } from '../codec/index.ts';
import type {
  AccessDescription,
  AuthorityKeyId,
  BasicConstraints,
  KeyUsage,
  NameConstraints,
} from './extensions.ts';
import {
  readConstraintBase,
  readGeneralName,
  readGeneralNames,
  type NameConstraintBase,
} from './general-name.ts';

/** Longest pathLenConstraint that is read; real paths are shorter than ten. */
const MAX_PATH_LEN = 255;
const MAX_KEY_PURPOSES = 64;
/** Most subtrees on one side of a NameConstraints. */
const MAX_SUBTREES = 256;
const MAX_ACCESS_DESCRIPTIONS = 16;
const MAX_KEY_ID_BYTES = 64;
/** Release records in one CRL. */
export const MAX_RELEASES = 1_000;
/** Bytes of one release record. */
export const MAX_RELEASE_BYTES = 512;
/** RFC 5280 §4.1.2.2. */
export const MAX_SERIAL_BYTES = 20;

/** In bit order. Source: RFC 5280 §4.2.1.3. */
export const keyUsageBits: readonly KeyUsage[] = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

/** Refuses a path length on what is no CA. Source: RFC 5280 §4.2.1.9. */
export function readBasicConstraints(reader: DerReader): BasicConstraints {
  return reader.sequence((body) => {
    const ca = body.booleanDefaultFalse();
    const pathLen = body.optional(derTag.integer, (r) => r.unsigned(MAX_PATH_LEN));
    if (!ca && pathLen !== undefined) throw body.refusal('LS_X509_EXTENSION', 'path length on an end entity');
    return { ca, pathLen };
  });
}

/** Refuses an empty set. Source: RFC 5280 §4.2.1.3. */
export function readKeyUsage(reader: DerReader): ReadonlySet<KeyUsage> {
  const bits = new Set(reader.namedBits(keyUsageBits.length));
  if (bits.size === 0) throw reader.refusal('LS_X509_EXTENSION', 'key usage without a bit');
  return new Set(keyUsageBits.filter((_, bit) => bits.has(bit)));
}

/** Refuses the same purpose twice. Source: RFC 5280 §4.2.1.12. */
export function readExtendedKeyUsage(reader: DerReader): readonly string[] {
  const purposes = reader.sequenceOf(1, MAX_KEY_PURPOSES, (purpose) => purpose.oid());
  if (new Set(purposes).size !== purposes.length) {
    throw reader.refusal('LS_X509_EXTENSION', 'extended key usage with the same purpose twice');
  }
  return purposes;
}

/** Refuses an empty NameConstraints, and subtrees with minimum or maximum. Source: RFC 5280 §4.2.1.10. */
export function readNameConstraints(reader: DerReader): NameConstraints {
  return reader.sequence((body) => {
    if (body.atEnd) throw body.refusal('LS_X509_EXTENSION', 'name constraints without a subtree');
    const permitted = body.optional(contextConstructed(0), (r) => r.context(0, readSubtrees)) ?? [];
    const excluded = body.optional(contextConstructed(1), (r) => r.context(1, readSubtrees)) ?? [];
    return { permitted, excluded };
  });
}

/** Source: RFC 5280 §4.2.2.1. */
export function readInfoAccess(reader: DerReader): readonly AccessDescription[] {
  return reader.sequenceOf(1, MAX_ACCESS_DESCRIPTIONS, (member) =>
    member.sequence((body) => ({ method: body.oid(), location: readGeneralName(body) })),
  );
}

/** Source: RFC 6960 §4.2.2.2.1. */
export function readNoCheck(reader: DerReader): true {
  reader.null();
  return true;
}

/** Source: RFC 5280 §4.2.1.2. */
export function readKeyId(reader: DerReader): Uint8Array {
  return boundedKeyId(reader, derTag.octetString);
}

/** Refuses issuer without serial and the reverse. Source: RFC 5280 §4.2.1.1. */
export function readAuthorityKeyId(reader: DerReader): AuthorityKeyId {
  return reader.sequence((body) => {
    const keyId = body.optional(contextPrimitive(0), (r) => boundedKeyId(r, contextPrimitive(0)));
    const issuer = body.optional(contextConstructed(1), (r) => r.context(1, readGeneralNames));
    const serial = body.optional(contextPrimitive(2), (r) =>
      r.integerBytes(MAX_SERIAL_BYTES, contextPrimitive(2)),
    );
    if ((issuer === undefined) !== (serial === undefined)) {
      throw body.refusal('LS_X509_EXTENSION', 'authority key identifier with only one of issuer and serial');
    }
    return { keyId, issuer, serialHex: serial === undefined ? undefined : toHex(serial) };
  });
}

/** CRLNumber and BaseCRLNumber; larger numbers than lifesign counts to are refused. Source: RFC 5280 §5.2.3. */
export function readCrlNumber(reader: DerReader): number {
  return reader.unsigned(Number.MAX_SAFE_INTEGER);
}

function readSubtrees(reader: DerReader): readonly NameConstraintBase[] {
  return reader.list(1, MAX_SUBTREES, (subtree) =>
    subtree.sequence((body) => {
      const base = readConstraintBase(body);
      if (!body.atEnd) throw body.refusal('LS_X509_EXTENSION', 'subtree with a minimum or maximum');
      return base;
    }),
  );
}

function boundedKeyId(reader: DerReader, tag: number): Uint8Array {
  const { body } = reader.element(tag);
  if (body.length === 0 || body.length > MAX_KEY_ID_BYTES) {
    throw reader.refusal('LS_X509_EXTENSION', `key identifier of ${body.length} bytes`);
  }
  return body;
}

/** SEQUENCE OF OCTET STRING, each of at most MAX_RELEASE_BYTES; refuses an empty one and more than MAX_RELEASES. */
export function readReleases(reader: DerReader): readonly Uint8Array[] {
  return reader.sequenceOf(1, MAX_RELEASES, (record) => {
    const bytes = record.octetString();
    if (bytes.length <= MAX_RELEASE_BYTES) return bytes;
    throw record.refusal('LS_X509_EXTENSION', `a release record of ${bytes.length} bytes`);
  });
}
