import type { SignatureAlgorithm, Signer, UnixMs } from '../std/index.ts';
import { derContext, derElement, derSequence, derTag, derTime, derUnsigned } from '../codec/index.ts';
import { encodeAlgorithm } from './algorithm.ts';
import { encodeCrlEntries } from './crl-entries-write.ts';
import type { CrlEntry } from './crl-entry.ts';
import {
  authorityKeyIdExtension,
  crlNumberExtension,
  deltaCrlIndicatorExtension,
  freshestCrlExtension,
  issuingDistributionPointExtension,
  releasesExtension,
} from './extensions-write.ts';
import { signObject } from './signed.ts';

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
  readonly entries: Iterable<CrlEntry>;
  /** URLs of this CRL's distribution point, if the certificates name one too: a critical issuingDistributionPoint. */
  readonly distributionPoint?: readonly string[] | undefined;
  /** URLs of delta CRLs, in a full CRL: stock validators look for deltas only then. */
  readonly freshestCrl?: readonly string[] | undefined;
  /** Release records (COSE_Sign1) for holds that this CRL no longer lists; at most MAX_RELEASES. */
  readonly releases?: readonly Uint8Array[] | undefined;
}

/** A v2 CRL, full or delta, signed. Source: RFC 5280 §5.1 and §5.2. */
export function signCrl(fields: CrlFields, signer: Signer): Uint8Array {
  return signObject(encodeTbsCertList(fields, signer.algorithm), signer);
}

/** DER TBSCertList for a signer of this algorithm. Times are rounded down to seconds. */
export function encodeTbsCertList(fields: CrlFields, algorithm: SignatureAlgorithm): Uint8Array {
  const revoked = encodeCrlEntries(fields.entries);
  return derSequence(
    derUnsigned(1),
    encodeAlgorithm(algorithm),
    fields.issuer,
    derTime(fields.thisUpdate),
    derTime(fields.nextUpdate),
    ...(revoked.length === 0 ? [] : [derElement(derTag.sequence, revoked)]),
    derContext(0, derSequence(...extensionsOf(fields))),
  );
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
