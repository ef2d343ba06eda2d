import type { UnixMs } from '../std/index.ts';
import type { CrlEntry, CrlExtensions } from './extensions.ts';
import type { DistinguishedName } from './name.ts';
import type { SignedObject } from './signed.ts';

/** The entries of a CRL, decoded one by one when asked for. */
export interface CrlEntries extends Iterable<CrlEntry> {
  readonly size: number;
  /**
   * The entry of a serial (content bytes of the INTEGER, lower-case hexadecimal). O(1); the first call builds
   * the index, O(size), so make it after the signature has been verified.
   */
  find(serialHex: string): CrlEntry | undefined;
}

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
}
