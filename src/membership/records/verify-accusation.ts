import { err, fault, ok } from '../../std/index.ts';
import type { Brand, CertId, CryptoPort, DomainId, Fault, Result } from '../../std/index.ts';
import { decodeEpochStart, decodeHeartbeat, verifyRecord } from '../../heartbeat/index.ts';
import type { EpochStart, Heartbeat, RecordKey, Unverified, Verified } from '../../heartbeat/index.ts';
import type { Accusation, EmbeddedRecord } from './accusation.ts';

/** An accusation whose evidence is what it says. Only verifyAccusation makes one. */
export type VerifiedAccusation = Brand<
  {
    readonly accusation: Verified<Accusation>;
    /** The subject's record, verified with the subject's key. */
    readonly last: VerifiedLast;
  },
  'VerifiedAccusation'
>;

export type VerifiedLast =
  | { readonly type: 'heartbeat'; readonly record: Verified<Heartbeat> }
  | { readonly type: 'epoch-start'; readonly record: Verified<EpochStart> };

/**
 * Checks an accusation and the record it shows for itself: both signatures, each with its own key; that the evidence
 * is by the accused node and of the accused epoch; that nobody accuses itself.
 * Whether the accuser is an observer on that ring is the roster's matter: see verifyDownCertificate.
 *
 * Requires: both keys are of certificates that trust has validated; `subjectKey` is the one the evidence names
 * (embeddedCertId).
 * Errors: LS_ACCUSATION_SELF, LS_ACCUSATION_SUBJECT, LS_ACCUSATION_EPOCH, LS_ACCUSATION_EVIDENCE (its cause says why),
 * and those of verifyRecord for the accusation itself.
 */
export function verifyAccusation(
  crypto: CryptoPort,
  domainId: DomainId,
  accusation: Unverified<Accusation>,
  accuserKey: RecordKey,
  subjectKey: RecordKey,
): Result<VerifiedAccusation, Fault> {
  const verified = verifyRecord(crypto, domainId, accusation, accuserKey);
  if (!verified.ok) return verified;
  const { subject, epoch } = accusation.body;
  if (accuserKey.nodeId === subject) {
    return err(fault('LS_ACCUSATION_SELF', `node ${subject} accuses itself`));
  }
  if (subjectKey.nodeId !== subject) {
    const detail = `accuses ${subject}, the evidence is by ${subjectKey.nodeId}`;
    return err(fault('LS_ACCUSATION_SUBJECT', detail));
  }
  const last = verifyEvidence(crypto, domainId, accusation.body, subjectKey);
  if (!last.ok) return last;
  const evidenceEpoch = last.value.record.body.epoch;
  if (evidenceEpoch !== epoch) {
    const detail = `accuses epoch ${String(epoch)} of ${subject}, the evidence is of ${String(evidenceEpoch)}`;
    return err(fault('LS_ACCUSATION_EPOCH', detail));
  }
  return ok({ accusation: verified.value, last: last.value } as VerifiedAccusation);
}

/** The certificate that the evidence names, so that its key can be looked up. Errors: LS_ACCUSATION_EVIDENCE. */
export function embeddedCertId(last: EmbeddedRecord): Result<CertId, Fault> {
  const opened = last.type === 'heartbeat' ? decodeHeartbeat(last.bytes) : decodeEpochStart(last.bytes);
  return opened.ok ? ok(opened.value.body.certId) : unfitEvidence(opened.error);
}

function verifyEvidence(
  crypto: CryptoPort,
  domainId: DomainId,
  { last }: Accusation,
  subjectKey: RecordKey,
): Result<VerifiedLast, Fault> {
  if (last.type === 'heartbeat') {
    const record = openRecord(crypto, domainId, decodeHeartbeat(last.bytes), subjectKey);
    return record.ok ? ok({ type: 'heartbeat', record: record.value }) : record;
  }
  const record = openRecord(crypto, domainId, decodeEpochStart(last.bytes), subjectKey);
  return record.ok ? ok({ type: 'epoch-start', record: record.value }) : record;
}

function openRecord<T extends Heartbeat | EpochStart>(
  crypto: CryptoPort,
  domainId: DomainId,
  decoded: Result<Unverified<T>, Fault>,
  key: RecordKey,
): Result<Verified<T>, Fault> {
  if (!decoded.ok) return unfitEvidence(decoded.error);
  const verified = verifyRecord(crypto, domainId, decoded.value, key);
  return verified.ok ? verified : unfitEvidence(verified.error);
}

function unfitEvidence(cause: Fault): { readonly ok: false; readonly error: Fault } {
  return err(fault('LS_ACCUSATION_EVIDENCE', `the embedded record: ${cause.detail}`, cause));
}
