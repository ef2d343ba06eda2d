import { unixMs, type UnixMs } from '../std/index.ts';

const DAY_MS = 86_400_000;

/**
 * The longest an end-entity certificate may be valid, notBefore to notAfter. A CRL entry does not say when its
 * certificate expires; because no longer life is accepted, its revocation date does.
 */
export const MAX_END_ENTITY_LIFETIME_MS = 398 * DAY_MS;

/** Between revocation and expiry at the latest, and the CRL after it. */
const ENTRY_RETENTION_MS = MAX_END_ENTITY_LIFETIME_MS + 2 * DAY_MS;

/**
 * When an entry may leave the CRL of an issuing CA: every certificate revoked at `revokedAt` has expired by
 * then. A CA must keep entries at least this long, and relying parties refuse a CRL that dropped one earlier.
 * Source: RFC 5280 §3.3 (an entry stays until one CRL after expiry).
 */
export function entryRetainedUntil(revokedAt: UnixMs): UnixMs {
  return unixMs(revokedAt + ENTRY_RETENTION_MS);
}
