import { err, fault, ok, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import type { Certificate } from '../../x509/index.ts';
import { coversCertificate } from './coverage.ts';
import { findEntry, issuerKeyOf, type IssuerRevocation, type RevocationState } from './state.ts';

/** How old revocation data may be, and what then. */
export interface FreshnessPolicy {
  /** Beyond nextUpdate plus grace: `deny` counts nobody as good, `warn` goes on and says so. */
  readonly onStale: 'deny' | 'warn';
  readonly graceMs: number;
}

/** The status of every certificate of a path below its anchor, at one moment. */
export interface PathStatus {
  /** Number of the newest CRL held of the target's issuer. */
  readonly crlNumber: number;
  /** Some CRL was outdated and the policy is to go on. */
  readonly staleRevocation: boolean;
}

/**
 * Refuses a path in which a certificate is revoked, on hold, of unknown status, or of outdated status under
 * `deny`. `path` is target first, anchor last; the anchor has no status. O(1) a certificate.
 * Errors: LS_TRUST_REVOKED, _HELD, _NO_REVOCATION, _STALE_REVOCATION. Source: RFC 5280 §6.1.3 (a)(3).
 */
export function checkStatus(
  state: RevocationState,
  path: readonly Certificate[],
  policy: FreshnessPolicy,
  now: UnixMs,
): Result<PathStatus, Fault> {
  const known = checkKnownRevocations(state, path);
  if (known !== undefined) return err(known);

  let crlNumber = 0;
  let staleRevocation = false;
  for (const [distance, certificate] of path.slice(0, -1).entries()) {
    const held = coveringCrl(state, certificate, path[distance + 1]);
    if (held === undefined) {
      return err(
        fault('LS_TRUST_NO_REVOCATION', `no CRL is held that covers certificate ${certificate.serialHex}`),
      );
    }
    const outdated = checkFreshness(held, policy.graceMs, now);
    if (outdated !== undefined && policy.onStale === 'deny') return err(outdated);
    staleRevocation ||= outdated !== undefined;
    if (distance === 0) crlNumber = held.crlNumber;
  }
  return ok({ crlNumber, staleRevocation });
}

/** The part of {@link checkStatus} that holds however old or incomplete the data is: what is known to be revoked. */
export function checkKnownRevocations(
  state: RevocationState,
  path: readonly Certificate[],
): Fault | undefined {
  for (const [distance, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[distance + 1];
    const held = issuer === undefined ? undefined : revocationOf(state, issuer);
    const entry = held === undefined ? undefined : findEntry(held, certificate.serialHex);
    if (entry === undefined) continue;
    const who = distance === 0 ? 'certificate' : 'issuing certificate';
    const detail = `${who} ${certificate.serialHex} was revoked (${entry.reason})`;
    return fault(entry.reason === 'certificateHold' ? 'LS_TRUST_HELD' : 'LS_TRUST_REVOKED', detail);
  }
  return undefined;
}

function coveringCrl(
  state: RevocationState,
  certificate: Certificate,
  issuer: Certificate | undefined,
): IssuerRevocation | undefined {
  const held = issuer === undefined ? undefined : revocationOf(state, issuer);
  return held !== undefined && coversCertificate(held.full, certificate) ? held : undefined;
}

function revocationOf(state: RevocationState, issuer: Certificate): IssuerRevocation | undefined {
  const key = issuerKeyOf(issuer);
  return key === undefined ? undefined : state.issuer(key);
}

function checkFreshness(held: IssuerRevocation, graceMs: number, now: UnixMs): Fault | undefined {
  const overdueMs = now - held.nextUpdate;
  if (overdueMs <= graceMs) return undefined;
  const detail = `CRL ${held.crlNumber} is ${overdueMs} ms past nextUpdate; ${graceMs} ms are allowed`;
  return fault('LS_TRUST_STALE_REVOCATION', detail);
}
