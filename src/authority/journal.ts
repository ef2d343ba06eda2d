import { encodeEntry, type LedgerEntry } from '../ledger/index.ts';
import type { UnixMs } from '../std/index.ts';
import type { StoreTransaction } from './store.ts';

/**
 * What the CA's ledger says of certificates, tokens and members. `event` is such a word and the values that
 * belong to it, separated by spaces; none of them is secret.
 */
export type JournalWord =
  | 'token-created'
  | 'token-deleted'
  | 'enrollment-requested'
  | 'enrollment-approved'
  | 'enrollment-denied'
  | 'enrolled'
  | 'reenrolled'
  | 'issued'
  | 'activated'
  | 'revoked'
  | 'held'
  | 'released'
  | 'removed'
  | 'key-destroyed'
  | 'key-reencrypted'
  | 'loss-accepted'
  | 'revoked-elsewhere'
  | 'imported'
  | 'root-crl'
  | 'configured'
  | 'exported'
  | 'root-cross-certified'
  | 'root-prepared'
  | 'issuing-prepared'
  | 'issuing-activated'
  | 'issuing-retired'
  | 'issuing-revoked';

/** Third value of `token-created`, separated by a comma: enrollments have to be approved, and may come by EST. */
export const NEEDS_APPROVAL = 'approval';
export const OPEN_TO_EST = 'est';

/** Stands for the reason of a decision that was given none; of others it is the base64url of their SHA-256. */
export const NO_REASON = '-';

/** Writes ledger rows in the transaction that does what they record. */
export async function journal(
  tx: StoreTransaction,
  entries: readonly LedgerEntry[],
  now: UnixMs,
): Promise<void> {
  await tx.appendLedger(entries.map((entry) => encodeEntry(entry, now)));
}

/** `der` is the certificate it is about; the issuing CA's own where there is none (tokens). */
export function certificateEvent(word: JournalWord, values: readonly string[], der: Uint8Array): LedgerEntry {
  return { type: 'certificate-event', event: [word, ...values].join(' '), der };
}
