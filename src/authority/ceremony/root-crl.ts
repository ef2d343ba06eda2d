import { unixMs, type SerialNumber, type UnixMs } from '../../std/index.ts';
import { signCrl, type CrlEntry, type CrlReason } from '../../x509/index.ts';
import type { RootAtHand } from '../root-ca.ts';
import { ROOT_CRL_NEXT_UPDATE_MS } from '../limits.ts';
import { wholeSecond } from '../time.ts';

/** Why a root may revoke a CA. There is no hold: a root that is offline could hardly end it. */
export const CA_REVOCATION_REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const satisfies readonly CrlReason[];
export type CaRevocationReason = (typeof CA_REVOCATION_REASONS)[number];

/** An entry of a root's CRL for a CA that it has certified. */
export function caRevocation(serial: SerialNumber, reason: CaRevocationReason, now: UnixMs): CrlEntry {
  return { serialHex: serial, reason, revokedAt: wholeSecond(now), invalidityDate: undefined };
}

/**
 * DER of a root's CRL, as offline roots sign it. It names no place: the root itself has no distribution point, and
 * `openssl verify -crl_check_all` asks the CRL about the root too.
 */
export function signRootCrl(
  { certificate, signer }: RootAtHand,
  { number, entries }: { readonly number: number; readonly entries: Iterable<CrlEntry> },
  now: UnixMs,
): Uint8Array {
  const thisUpdate = wholeSecond(now);
  return signCrl(
    {
      issuer: certificate.subject,
      issuerKeyId: certificate.extensions.subjectKeyId?.value ?? new Uint8Array(),
      thisUpdate,
      nextUpdate: unixMs(thisUpdate + ROOT_CRL_NEXT_UPDATE_MS),
      crlNumber: number,
      entries,
    },
    signer,
  );
}
