import { concatBytes, type Signer, type UnixMs } from '../std/index.ts';
import { derContext, derHeader, derSequence, derTag, derTime, derUnsigned } from '../codec/index.ts';
import { encodeAlgorithm } from './algorithm.ts';
import { measureCrlEntries, writeCrlEntries } from './crl-entries-write.ts';
import type { CrlEntry } from './crl-entry.ts';
import {
  authorityKeyIdExtension,
  crlNumberExtension,
  deltaCrlIndicatorExtension,
  freshestCrlExtension,
  issuingDistributionPointExtension,
  releasesExtension,
} from './extensions-write.ts';
import { signatureElements } from './signed.ts';

/** Longest tag and length that `derHeader` writes. */
const MAX_DER_HEADER = 6;
/** Longest algorithm and BIT STRING after the signed bytes. */
const MAX_SIGNATURE_ELEMENTS = 256;

export interface CrlFields {
  /** DER Name. */
  readonly issuer: Uint8Array;
  /** Subject key identifier of the issuer. */
  readonly issuerKeyId: Uint8Array;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs;
  readonly crlNumber: number;
  /** BaseCRLNumber: given, the CRL is a delta against the full CRL of that number. */
  readonly baseCrlNumber?: number | undefined;
  /** Gone through twice: no generator. */
  readonly entries: Iterable<CrlEntry>;
  /** URLs of this CRL's distribution point, if the certificates name one too: a critical issuingDistributionPoint. */
  readonly distributionPoint?: readonly string[] | undefined;
  /** URLs of delta CRLs, in a full CRL: stock validators look for deltas only then. */
  readonly freshestCrl?: readonly string[] | undefined;
  /** Release records (COSE_Sign1) for holds that this CRL no longer lists; at most MAX_RELEASES. */
  readonly releases?: readonly Uint8Array[] | undefined;
}

/**
 * A v2 CRL, full or delta, signed. Times are rounded down to seconds. Everything is measured first and written in its place at
 * once: with a million entries each copy costs more than the signature.
 * Source: RFC 5280 §5.1 and §5.2.
 */
export function signCrl(fields: CrlFields, signer: Signer): Uint8Array {
  const entryBytes = measureCrlEntries(fields.entries);
  const before = concatBytes(
    derUnsigned(1),
    encodeAlgorithm(signer.algorithm),
    fields.issuer,
    derTime(fields.thisUpdate),
    derTime(fields.nextUpdate),
    ...(entryBytes === 0 ? [] : [derHeader(derTag.sequence, entryBytes)]),
  );
  const after = derContext(0, derSequence(...extensionsOf(fields)));
  const tbsBytes = before.length + entryBytes + after.length;
  const tbsHeader = derHeader(derTag.sequence, tbsBytes);
  const buffer = new Uint8Array(MAX_DER_HEADER + tbsHeader.length + tbsBytes + MAX_SIGNATURE_ELEMENTS);
  const entriesAt = MAX_DER_HEADER + tbsHeader.length + before.length;
  buffer.set(tbsHeader, MAX_DER_HEADER);
  buffer.set(before, MAX_DER_HEADER + tbsHeader.length);
  const entriesEnd = writeCrlEntries(fields.entries, buffer, entriesAt);
  if (entriesEnd !== entriesAt + entryBytes)
    throw new RangeError('the entries changed while they were written');
  buffer.set(after, entriesEnd);
  return signInPlace(buffer, MAX_DER_HEADER, entriesEnd + after.length, signer);
}

/** The bytes from `start` to `end` as `SIGNED{…}`, in the same buffer. */
function signInPlace(buffer: Uint8Array, start: number, end: number, signer: Signer): Uint8Array {
  const signature = signatureElements(buffer.subarray(start, end), signer);
  const header = derHeader(derTag.sequence, end - start + signature.length);
  buffer.set(header, start - header.length);
  buffer.set(signature, end);
  return buffer.subarray(start - header.length, end + signature.length);
}

function extensionsOf(fields: CrlFields): readonly Uint8Array[] {
  const { baseCrlNumber, distributionPoint, freshestCrl, releases = [] } = fields;
  const extensions = [authorityKeyIdExtension(fields.issuerKeyId), crlNumberExtension(fields.crlNumber)];
  if (baseCrlNumber !== undefined) extensions.push(deltaCrlIndicatorExtension(baseCrlNumber));
  if (distributionPoint !== undefined) extensions.push(issuingDistributionPointExtension(distributionPoint));
  if (freshestCrl !== undefined) extensions.push(freshestCrlExtension(freshestCrl));
  if (releases.length > 0) extensions.push(releasesExtension(releases));
  return extensions;
}
