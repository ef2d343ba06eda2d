import { fault, type Fault, type UnixMs } from '../../std/index.ts';
import type { CertificateList, CrlEntry } from '../../x509/index.ts';
import { entryRetainedUntil } from '../lifetime.ts';
import { findEntry, type HeldLists } from './state.ts';

/** When an entry may be missing from a newer CRL of one issuer. */
export interface RetentionRule {
  /** The issuer may certify CAs: their lifetimes have no bound here, so its entries never expire. */
  readonly certifiesCas: boolean;
  /** The present, at least the newer CRL's thisUpdate. */
  readonly now: UnixMs;
}

/** The entries of `list` that say something new over what is held. */
export function newEntries(held: HeldLists | undefined, list: CertificateList): readonly CrlEntry[] {
  const revoked = [...list.entries].filter((entry) => entry.reason !== 'removeFromCRL');
  if (held === undefined) return revoked;
  return revoked.filter((entry) => findEntry(held, entry.serialHex)?.reason !== entry.reason);
}

/**
 * A full CRL that replaces what is held must still revoke all of it. O(entries held).
 * Error: LS_CRL_OMITS_ENTRY.
 */
export function checkFullKeepsAll(
  held: HeldLists,
  list: CertificateList,
  retention: RetentionRule,
): Fault | undefined {
  for (const known of [held.full, ...(held.delta === undefined ? [] : [held.delta])]) {
    for (const { serialHex } of known.entries) {
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
 * made worse there: whoever held only the base would otherwise miss it. To release what the full CRL itself revokes has no effect
 * (see {@link releasesWithoutEffect}), so it is no reason to refuse the revocations beside it.
 * O(entries of both deltas). Error: LS_CRL_OMITS_ENTRY.
 */
export function checkDeltaKeepsAll(
  held: HeldLists,
  list: CertificateList,
  retention: RetentionRule,
): Fault | undefined {
  for (const entry of list.entries) {
    const known = findEntry(held, entry.serialHex);
    if (known === undefined || isWithoutEffect(held, entry, known)) continue;
    const omitted = omission(known, entry, retention);
    if (omitted !== undefined) return omitted;
  }
  for (const known of held.delta?.entries ?? []) {
    if (known.reason === 'removeFromCRL' || list.entries.find(known.serialHex) !== undefined) continue;
    const omitted = omission(known, held.full.entries.find(known.serialHex), retention);
    if (omitted !== undefined) return omitted;
  }
  return undefined;
}

/**
 * Serials that a delta releases although the full CRL under it revokes them: without a release record they stay
 * revoked. O(entries of the delta).
 */
export function releasesWithoutEffect(held: HeldLists | undefined, list: CertificateList): readonly string[] {
  if (held === undefined || list.extensions.deltaCrlIndicator === undefined) return [];
  const released = [...list.entries].filter((entry) => {
    const known = findEntry(held, entry.serialHex);
    return known !== undefined && isWithoutEffect(held, entry, known);
  });
  return released.map(({ serialHex }) => serialHex);
}

/** `findEntry` looks past a release in the delta, so the full CRL decides, and it says no less than is known. */
function isWithoutEffect(held: HeldLists, entry: CrlEntry, known: CrlEntry): boolean {
  if (entry.reason !== 'removeFromCRL') return false;
  return weakening(known, held.full.entries.find(entry.serialHex)) === undefined;
}

/** Two CRLs of one number and different kind must revoke the same. Source: RFC 5280 §5.2.4. */
export function checkNothingNew(held: HeldLists, list: CertificateList): Fault | undefined {
  const [contradiction] = newEntries(held, list);
  if (contradiction === undefined) return undefined;
  const detail = `full and delta CRL ${held.crlNumber} differ in serial ${contradiction.serialHex}`;
  return fault('LS_CRL_CONFLICT', detail);
}

function omission(known: CrlEntry, now: CrlEntry | undefined, retention: RetentionRule): Fault | undefined {
  const weakened = weakening(known, now);
  if (weakened === undefined || mayBeDropped(known, retention)) return undefined;
  return fault('LS_CRL_OMITS_ENTRY', `serial ${known.serialHex}, revoked for ${known.reason}, ${weakened}`);
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
