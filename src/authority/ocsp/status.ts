import { parseSerialNumber, type UnixMs } from '../../std/index.ts';
import type { OcspCertStatus } from '../../x509/index.ts';
import type { CertificateRow } from '../rows.ts';
import type { StoreReader } from '../store.ts';

/** What the store says of a serial. */
export interface KnownStatus {
  readonly certStatus: OcspCertStatus;
  /** Issued and unexpired: its answer is worth keeping. */
  readonly isLive: boolean;
}

const UNKNOWN: KnownStatus = { certStatus: { status: 'unknown' }, isLive: false };

/**
 * A serial that this issuing CA has never issued, or whose certificate was not signed yet, is unknown.
 * Source: RFC 6960 §2.2.
 */
export async function readStatus(
  tx: StoreReader,
  generation: number,
  serialHex: string,
  now: UnixMs,
): Promise<KnownStatus> {
  const serial = parseSerialNumber(serialHex);
  const row = serial === undefined ? null : await tx.certificate(serial);
  return row?.issuer === generation ? statusOf(row, now) : UNKNOWN;
}

/** A revocation counts even where the certificate itself was never signed. */
export function statusOf({ revocation, der, notAfter }: CertificateRow, now: UnixMs): KnownStatus {
  const isLive = now <= notAfter;
  if (revocation !== null) {
    const { revokedAt, reason } = revocation;
    return { certStatus: { status: 'revoked', revokedAt, reason }, isLive };
  }
  return der === null ? UNKNOWN : { certStatus: { status: 'good' }, isLive };
}
