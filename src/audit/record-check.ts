import { unixMs } from '../std/index.ts';
import type { Digest, Fault, FaultCode, NodeId, Result, UnixMs } from '../std/index.ts';
import {
  idOfRecord,
  verifyRecord,
  type RecordBody,
  type Unverified,
  type Verified,
} from '../heartbeat/index.ts';
import type { KnownCertificate } from './certificate-book.ts';
import type { Evidence } from './evidence.ts';
import type { FindingDetails, Place } from './report.ts';

/** A record may be signed this long after its certificate expired or was revoked: clocks differ. */
export const CLOCK_TOLERANCE_MS = 60_000;
/** A clock that is behind by less is no sign of misuse. */
export const SLOW_CLOCK_TOLERANCE_MS = 24 * 3_600_000;

/** A record with a time, and perhaps with a place in its signer's history. */
export interface TimedBody extends RecordBody {
  readonly tMs: UnixMs;
  readonly epoch?: number;
  readonly seq?: number;
}

/** A record of the chain that a node signs, one number after the other. */
export interface NumberedBody extends TimedBody {
  readonly epoch: number;
  readonly seq: number;
}

/** What identifies a record that was verified, now or in another log. */
export interface Established {
  readonly structureHash: Uint8Array;
  readonly id: Digest;
}

/** A verified record and whose it is. */
export interface CheckedRecord<T extends RecordBody> {
  readonly record: Verified<T>;
  readonly signer: KnownCertificate;
}

/** The body of a decoded record; reports one that can't be decoded. */
export function decoded<T>(
  evidence: Evidence,
  place: Place,
  result: Result<T, Fault>,
  node: string | null,
): T | undefined {
  if (result.ok) return result.value;
  evidence.findings.add('LS_AUDIT_RECORD', place, { node, found: reasonFor(result.error) });
  return undefined;
}

/** The signer's certificate, by the id that the record names; reports one that no log brings along. */
export function signerOf(evidence: Evidence, place: Place, body: TimedBody): KnownCertificate | undefined {
  const signer = evidence.certificates.node(body.certId);
  if (signer !== undefined) return signer;
  const found = `certificate ${body.certId}`;
  evidence.findings.add('LS_AUDIT_UNKNOWN_CERTIFICATE', place, { ...numbersOf(body), found });
  return undefined;
}

/** Signature, then time and revocation by the record's own clock. Reports what is wrong; undefined without a good signature. */
export function checkRecord<T extends TimedBody>(
  evidence: Evidence,
  place: Place,
  record: Unverified<T>,
  signer: KnownCertificate,
): CheckedRecord<T> | undefined {
  const verified = verifyRecord(evidence.crypto, evidence.bundle.domainId, record, signer.key);
  if (!verified.ok) {
    reportSignature(evidence, place, record.body, signer, verified.error);
    return undefined;
  }
  checkUse(evidence, place, record.body, signer, record.body.tMs);
  return { record: verified.value, signer };
}

/**
 * The same for records that many logs hold: one whose very bytes were verified already is not verified again.
 * `heardAt`: when the log's owner wrote it down, which counts as a time of use too.
 */
export function checkSharedRecord<T extends NumberedBody>(
  evidence: Evidence,
  place: Place,
  record: Unverified<T>,
  signer: KnownCertificate,
  heardAt: UnixMs,
): Established | undefined {
  const { crypto, bundle, history } = evidence;
  const { epoch, seq, tMs } = record.body;
  const known = history.find(signer.key.nodeId, epoch, seq);
  const latest = unixMs(Math.max(tMs, heardAt));
  if (known?.id === idOfRecord(record.bytes, crypto)) {
    checkUse(evidence, place, record.body, signer, latest);
    return known;
  }
  const verified = verifyRecord(crypto, bundle.domainId, record, signer.key);
  if (!verified.ok) {
    reportSignature(evidence, place, record.body, signer, verified.error);
    return undefined;
  }
  checkUse(evidence, place, record.body, signer, latest);
  return verified.value;
}

/** Puts a verified record into its signer's one history. */
export function enterHistory(
  evidence: Evidence,
  place: Place,
  nodeId: NodeId,
  at: { readonly epoch: number; readonly seq: number; readonly prev: Uint8Array | undefined },
  { structureHash, id }: Established,
): void {
  const { epoch, seq, prev } = at;
  const verdict = evidence.history.add(nodeId, epoch, seq, { structureHash, prev, id });
  const code = VERDICT_CODES[verdict];
  if (code === undefined) return;
  const node = evidence.certificates.nameOf(nodeId);
  evidence.findings.add(code, place, { node, epoch, seq, ...VERDICT_TEXTS[code] });
}

const VERDICT_CODES = {
  new: undefined,
  same: undefined,
  equivocation: 'LS_AUDIT_EQUIVOCATION',
  'broken-chain': 'LS_AUDIT_CHAIN',
  'outside-window': 'LS_AUDIT_LIMIT',
} as const;

const VERDICT_TEXTS: Readonly<
  Record<'LS_AUDIT_EQUIVOCATION' | 'LS_AUDIT_CHAIN' | 'LS_AUDIT_LIMIT', FindingDetails>
> = {
  LS_AUDIT_EQUIVOCATION: { expected: 'one record with this number', found: 'another one, verified as well' },
  LS_AUDIT_CHAIN: { expected: 'prev of the record known before it', found: 'another prev' },
  LS_AUDIT_LIMIT: { expected: 'records of one number close together', found: 'too old to be compared' },
};

function reportSignature(
  evidence: Evidence,
  place: Place,
  body: TimedBody,
  { name }: KnownCertificate,
  error: Fault,
): void {
  evidence.findings.add('LS_AUDIT_SIGNATURE', place, {
    node: name,
    ...numbersOf(body),
    found: reasonFor(error),
  });
}

/** Whether the certificate might be used then. */
function checkUse(
  evidence: Evidence,
  place: Place,
  body: TimedBody,
  signer: KnownCertificate,
  latest: UnixMs,
): void {
  const misuse = misuseOf(evidence, signer, body.tMs, latest);
  if (misuse === undefined) return;
  const { code, expected, found } = misuse;
  evidence.findings.add(code, place, { node: signer.name, ...numbersOf(body), expected, found });
}

function numbersOf({ epoch, seq }: TimedBody): Pick<FindingDetails, 'epoch' | 'seq'> {
  return { epoch: epoch ?? null, seq: seq ?? null };
}

interface Misuse {
  readonly code: FaultCode;
  readonly expected: string;
  readonly found: string;
}

function misuseOf(
  { revocations }: Evidence,
  { key, certificate }: KnownCertificate,
  signedAt: UnixMs,
  latest: UnixMs,
): Misuse | undefined {
  const { notBefore, notAfter } = certificate;
  if (latest > notAfter + CLOCK_TOLERANCE_MS) {
    return { code: 'LS_AUDIT_EXPIRED', expected: `used until ${inMs(notAfter)}`, found: inMs(latest) };
  }
  if (signedAt < notBefore - SLOW_CLOCK_TOLERANCE_MS) {
    return { code: 'LS_AUDIT_EXPIRED', expected: `used from ${inMs(notBefore)} on`, found: inMs(signedAt) };
  }
  const revokedAt = revocations.revokedAt(key.certId);
  if (revokedAt === undefined || latest <= revokedAt + CLOCK_TOLERANCE_MS) return undefined;
  const expected = `not used after its revocation at ${inMs(revokedAt)}`;
  return { code: 'LS_AUDIT_USED_AFTER_REVOCATION', expected, found: inMs(latest) };
}

/** Code and detail of the innermost cause, which says most. */
export function reasonFor(error: Fault): string {
  let inner = error;
  while (inner.cause !== undefined) inner = inner.cause;
  return inner === error ? `${error.code}: ${error.detail}` : `${error.code}, ${inner.code}: ${inner.detail}`;
}

function inMs(time: UnixMs): string {
  return `t_ms ${String(time)}`;
}
