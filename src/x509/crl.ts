import { ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { contextConstructed, derTag, readDer, type DerReader } from '../codec/index.ts';
import { readAlgorithm } from './algorithm.ts';
import {
  contentOfEntries,
  noCrlEntries,
  readCrlEntries,
  surveyedEntries,
  surveyEntries,
  type CrlEntries,
  type EntrySurvey,
  type ReadEntries,
} from './crl-entries.ts';
import type { CrlExtensions } from './extensions.ts';
import { noCrlExtensions, readCrlExtensions } from './extensions-read.ts';
import { readName, type DistinguishedName } from './name.ts';
import { readSigned, type SignedObject } from './signed.ts';

/** Longest CRL that is read. */
export const MAX_CRL_BYTES = 64 * 1024 * 1024;

const NONE_REVOKED: ReadEntries = { entries: noCrlEntries, unknownCritical: [], removal: undefined };

/** A well-formed v1 or v2 CRL, full or delta, whose signature nobody has looked at. Source: RFC 5280 §5.1. */
export interface CertificateList extends SignedObject {
  readonly der: Uint8Array;
  /** DER of the Name. */
  readonly issuer: Uint8Array;
  readonly issuerName: DistinguishedName;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs | undefined;
  readonly entries: CrlEntries;
  readonly extensions: CrlExtensions;
  /** OIDs of critical entry extensions that lifesign does not know: with any, the CRL must not be used (RFC 5280 §5.3). */
  readonly unknownCriticalEntryExtensions: readonly string[];
  /** Serial of the first entry with the reason removeFromCRL: only a delta may have one (RFC 5280 §5.3.1). */
  readonly removal: string | undefined;
}

/**
 * Parses a DER CRL of at most {@link MAX_CRL_BYTES} and MAX_CRL_ENTRIES entries. Every entry is checked, none
 * is kept: memory beyond the bytes themselves is constant. The bytes are not copied, so the caller must not
 * change them afterwards.
 * Errors: LS_DER_*, LS_X509_VERSION, LS_X509_ALGORITHM_MISMATCH, LS_X509_EXTENSION,
 * LS_X509_DUPLICATE_EXTENSION, LS_X509_CRL_ENTRY, LS_X509_CRL_TOO_MANY.
 */
export function parseCrl(der: Uint8Array): Result<CertificateList, Fault> {
  return parseWith(der, readCrlEntries);
}

/** {@link parseCrl} without a look at the entries, which seem to be none: O(1), to find out whose CRL it is and which. */
export function parseCrlHeading(der: Uint8Array): Result<Omit<CertificateList, 'entries'>, Fault> {
  return parseWith(der, () => ok(NONE_REVOKED));
}

/** What {@link parseSurveyedCrl} needs to know of a parsed CRL. `held`: DER content of the entries it is compared with. */
export function surveyCrl(list: CertificateList, held: Uint8Array | undefined): EntrySurvey {
  const { entries, unknownCriticalEntryExtensions: unknownCritical, removal } = list;
  return surveyEntries({ entries, unknownCritical, removal }, held);
}

/**
 * The CRL of `der` as {@link parseCrl} gave it where the survey was taken, in O(1). Requires: the survey is of these very
 * bytes, and its comparison with those of `held`.
 */
export function parseSurveyedCrl(
  der: Uint8Array,
  survey: EntrySurvey,
  held: CrlEntries | undefined,
): Result<CertificateList, Fault> {
  return parseWith(der, (content) => ok(surveyedEntries(content, survey, held)));
}

/** DER content of the entries of a CRL that was parsed; undefined when it has none. */
export function entryBytesOf(list: CertificateList): Uint8Array | undefined {
  return contentOfEntries(list.entries);
}

function parseWith(
  der: Uint8Array,
  readEntries: (content: Uint8Array) => Result<ReadEntries, Fault>,
): Result<CertificateList, Fault> {
  const parsed = readDer('CRL', der, MAX_CRL_BYTES, (reader) => readSigned(reader, readTbsCertList));
  if (!parsed.ok) return parsed;
  const { revoked, ...list } = parsed.value;
  const read = revoked === undefined ? ok(NONE_REVOKED) : readEntries(revoked);
  if (!read.ok) return read;
  const { entries, unknownCritical, removal } = read.value;
  return ok({ der, ...list, entries, unknownCriticalEntryExtensions: unknownCritical, removal });
}

function readTbsCertList(reader: DerReader) {
  const version = reader.optional(derTag.integer, (r) => r.unsigned(255));
  if (version !== undefined && version !== 1)
    throw reader.refusal('LS_X509_VERSION', `version field ${version}`);
  const algorithm = readAlgorithm(reader);
  const issuerName = readName(reader);
  const thisUpdate = reader.time();
  const nextUpdate = isTime(reader.peek()) ? reader.time() : undefined;
  const revoked = reader.optional(derTag.sequence, (r) => r.any().body);
  if (revoked?.length === 0) throw reader.refusal('LS_DER_COUNT', 'empty list of revoked certificates');
  const extensions =
    version === undefined
      ? undefined
      : reader.optional(contextConstructed(0), (r) => r.context(0, readCrlExtensions));
  const value = {
    issuer: issuerName.der,
    issuerName,
    thisUpdate,
    nextUpdate,
    revoked,
    extensions: extensions ?? noCrlExtensions,
  };
  return { algorithm, value };
}

function isTime(tag: number | undefined): boolean {
  return tag === derTag.utcTime || tag === derTag.generalizedTime;
}
