import { fault, type Fault, type UnixMs } from '../../std/index.ts';
import type { CertificateList, CrlEntry } from '../../x509/index.ts';
import { entryRetainedUntil } from '../lifetime.ts';
import type { ReleaseBook } from './releases.ts';
import { findEntry, type HeldLists } from './state.ts';

/** When an entry may be missing from a newer CRL of one issuer. */
export interface RetentionRule {
  /** The issuer may certify CAs: their lifetimes have no bound here, so its entries never expire. */
  readonly certifiesCas: boolean;
  /** The present, at least the newer CRL's thisUpdate. */
  readonly now: UnixMs;
  /** Signed releases that came with the newer CRL. */
  readonly releases: ReleaseBook;
}

/**
 * A full CRL that replaces what is held must still revoke all of it, except for holds it has a release for.
 * O(entries held). Errors: LS_CRL_OMITS_ENTRY, LS_CRL_RELEASE.
 */
export function checkFullKeepsAll(
  held: HeldLists,
  list: CertificateList,
  retention: RetentionRule,
): Fault | undefined {
  // What is repeated word for word is kept, unless the delta says something else of it, which is looked at then.
  const suspects = [held.full.entries.notRepeatedIn(list.entries), held.delta?.entries ?? []];
  for (const entries of suspects) {
    for (const { serialHex } of entries) {
      const entry = findEntry(held, serialHex);
      if (entry === undefined) continue;
      const omitted = omission(entry, list.entries.find(serialHex), retention);
      if (omitted !== undefined) return omitted;
    }
  }
  return undefined;
}

/**
 * A delta must not weaken what is held, and must repeat what the previous delta added to the same full CRL, or
 * made worse there: whoever held only the base would otherwise miss it, and a revocation would be a hold again. A hold
 * ends by a release; to take out without one what the full CRL itself revokes has no effect (see
 * {@link releasesWithoutEffect}), so it is no reason to refuse the revocations beside it.
 * O(entries of both deltas). Errors: LS_CRL_OMITS_ENTRY, LS_CRL_RELEASE.
 */
export function checkDeltaKeepsAll(
  held: HeldLists,
  list: CertificateList,
  retention: RetentionRule,
): Fault | undefined {
  for (const entry of list.entries) {
    const known = findEntry(held, entry.serialHex);
    if (known === undefined) continue;
    const isRemoval = entry.reason === 'removeFromCRL';
    const refusal = isRemoval
      ? judgeRemoval(held, entry, known, retention)
      : omission(known, entry, retention);
    if (refusal !== undefined) return refusal;
  }
  for (const known of held.delta?.entries ?? []) {
    if (known.reason === 'removeFromCRL' || list.entries.find(known.serialHex) !== undefined) continue;
    const omitted = omission(known, held.full.entries.find(known.serialHex), retention);
    if (omitted !== undefined) return omitted;
  }
  return undefined;
}

/**
 * A hold that is taken out needs its release. What the full CRL lists all the same stays revoked without one, unless the
 * delta brings a release for an earlier hold of it: whoever knew only that one would let it go.
 */
function judgeRemoval(
  held: HeldLists,
  entry: CrlEntry,
  known: CrlEntry,
  retention: RetentionRule,
): Fault | undefined {
  const release = known.reason === 'certificateHold' ? retention.releases.permits(known) : undefined;
  if (release?.ok === true) return undefined;
  if (release?.error.code === 'LS_CRL_RELEASE') return release.error;
  const listed = held.full.entries.find(entry.serialHex);
  const endsEarlierHold = listed?.reason === 'certificateHold' && retention.releases.permits(listed).ok;
  const staysRevoked = weakening(known, listed) === undefined && !endsEarlierHold;
  return staysRevoked ? undefined : omission(known, entry, retention);
}

/** Serials of holds in the full CRL that the delta ends, each with a release of that very hold. */
export function releasedByDelta(
  full: CertificateList,
  delta: CertificateList,
  releases: ReleaseBook,
): ReadonlySet<string> {
  const released = new Set<string>();
  for (const { serialHex, reason } of delta.entries) {
    const listed = reason === 'removeFromCRL' ? full.entries.find(serialHex) : undefined;
    if (listed?.reason === 'certificateHold' && releases.permits(listed).ok) released.add(serialHex);
  }
  return released;
}

/**
 * Serials that a delta takes out and that are revoked all the same once it is `held`: without a release that has no
 * effect. O(entries of the delta).
 */
export function releasesWithoutEffect(held: HeldLists, list: CertificateList): readonly string[] {
  if (list.extensions.deltaCrlIndicator === undefined) return [];
  const removals = [...list.entries].filter(({ reason }) => reason === 'removeFromCRL');
  return removals.map(({ serialHex }) => serialHex).filter((serial) => findEntry(held, serial) !== undefined);
}

/** Two CRLs of one number and different kind must revoke the same. Source: RFC 5280 §5.2.4. */
export function checkNothingNew(held: HeldLists, list: CertificateList): Fault | undefined {
  for (const { serialHex, reason } of list.entries) {
    if (reason === 'removeFromCRL' || findEntry(held, serialHex)?.reason === reason) continue;
    return fault('LS_CRL_CONFLICT', `full and delta CRL ${held.crlNumber} differ in serial ${serialHex}`);
  }
  return undefined;
}

function omission(known: CrlEntry, now: CrlEntry | undefined, retention: RetentionRule): Fault | undefined {
  const weakened = weakening(known, now);
  if (weakened === undefined || mayBeDropped(known, retention)) return undefined;
  const released = isReleasable(known, now) ? retention.releases.permits(known) : undefined;
  if (released?.ok === true) return undefined;
  if (released?.error.code === 'LS_CRL_RELEASE') return released.error;
  return fault('LS_CRL_OMITS_ENTRY', `serial ${known.serialHex}, revoked for ${known.reason}, ${weakened}`);
}

/** Only a hold ends, and only by being left out or taken out. */
function isReleasable(known: CrlEntry, now: CrlEntry | undefined): boolean {
  return known.reason === 'certificateHold' && (now === undefined || now.reason === 'removeFromCRL');
}

/** A hold may become a revocation, and a revocation may be dated back; nothing moves the other way. */
function weakening(known: CrlEntry, now: CrlEntry | undefined): string | undefined {
  if (now === undefined) return 'is missing';
  if (now.reason === 'removeFromCRL') return 'is released without a release record';
  if (known.reason === 'certificateHold') return undefined;
  if (now.reason === 'certificateHold') return 'is turned into a hold';
  return now.revokedAt > known.revokedAt ? 'is dated later' : undefined;
}

function mayBeDropped(known: CrlEntry, { certifiesCas, now }: RetentionRule): boolean {
  return !certifiesCas && now > entryRetainedUntil(known.revokedAt);
}
