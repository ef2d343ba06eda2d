import { fromHex, HexBatch, type UnixMs } from '../std/index.ts';
import {
  derGeneralizedTime,
  derSequence,
  derTag,
  derUnsigned,
  timeLength,
  writeTime,
} from '../codec/index.ts';
import { codeOfReason, type CrlEntry, type CrlReason } from './crl-entry.ts';
import { MAX_SERIAL_BYTES } from './extension-values.ts';
import { encodeExtension } from './extensions-write.ts';
import { oids } from './oids.ts';

/** Tag and length of the entry, tag and length of its serial: every length is below 128, so each takes one byte. */
const HEADERS = 4;
/** Entries whose serials are decoded together: enough for the platform's encoder to pay, few enough to stay in the cache. */
const BATCH_ENTRIES = 64;

/**
 * Bytes that {@link writeCrlEntries} will write. A large CRL is measured first and written in its place at once, because
 * growing and joining buffers takes as long as the writing.
 * Throws RangeError for a serial that is not 1 to 20 bytes long.
 */
export function measureCrlEntries(entries: Iterable<CrlEntry>): number {
  let length = 0;
  for (const entry of entries) {
    length += HEADERS + serialBytesOf(entry) + timeLength(entry.revokedAt) + extensionBytesOf(entry);
  }
  return length;
}

/**
 * Writes the content of revokedCertificates into `target` at `start`, in the order given, and returns its end.
 * `unspecified` is written as no reasonCode at all.
 * Throws RangeError for a serial that is not 1 to 20 bytes of lower-case hexadecimal.
 * Source: RFC 5280 §5.1.2.6, §5.3.
 */
export function writeCrlEntries(entries: Iterable<CrlEntry>, target: Uint8Array, start: number): number {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  const serials = new HexBatch(BATCH_ENTRIES * MAX_SERIAL_BYTES);
  const batch: CrlEntry[] = [];
  const texts: string[] = [];
  let at = start;
  for (const entry of entries) {
    texts.push(serialOf(entry));
    if (batch.push(entry) < BATCH_ENTRIES) continue;
    at = writeBatch(view, at, batch, texts, serials);
    batch.length = 0;
    texts.length = 0;
  }
  return writeBatch(view, at, batch, texts, serials);
}

function writeBatch(
  target: DataView,
  start: number,
  batch: readonly CrlEntry[],
  texts: readonly string[],
  serials: HexBatch,
): number {
  if (!serials.load(texts)) throw notSerial(batch.find(isNoHex) ?? batch[0]);
  let at = start;
  for (const entry of batch) at = writeEntry(target, at, entry, serials);
  return at;
}

function writeEntry(target: DataView, at: number, entry: CrlEntry, serials: HexBatch): number {
  const serialBytes = serialBytesOf(entry);
  if (!serials.write(serialBytes, target, at + HEADERS)) throw notSerial(entry);
  const timeEnd = writeTime(target, at + HEADERS + serialBytes, entry.revokedAt);
  const end = writeExtensions(target, timeEnd, entry);
  target.setUint16(at, (derTag.sequence << 8) | (end - at - 2));
  target.setUint16(at + 2, (derTag.integer << 8) | serialBytes);
  return end;
}

function writeExtensions(target: DataView, at: number, entry: CrlEntry): number {
  if (entry.invalidityDate !== undefined)
    return writeBytes(target, at, datedExtensions(entry, entry.invalidityDate));
  const code = REASON_CODES.get(entry.reason);
  if (code === undefined) return at;
  target.setUint32(at, REASON_START);
  target.setUint32(at + 4, REASON_MIDDLE);
  target.setUint32(at + 8, REASON_END);
  target.setUint16(at + 12, ONE_BYTE | code);
  return at + REASON_BYTES;
}

function writeBytes(target: DataView, at: number, bytes: Uint8Array): number {
  new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes, at);
  return at + bytes.length;
}

/** A serial of a length that may be decoded together with others. */
function serialOf(entry: CrlEntry): string {
  serialBytesOf(entry);
  return entry.serialHex;
}

function serialBytesOf(entry: CrlEntry): number {
  const { length } = entry.serialHex;
  if (length > 0 && length <= 2 * MAX_SERIAL_BYTES && (length & 1) === 0) return length >> 1;
  throw notSerial(entry);
}

function isNoHex({ serialHex }: CrlEntry): boolean {
  return fromHex(serialHex) === undefined;
}

function notSerial(entry: CrlEntry | undefined): RangeError {
  return new RangeError(`not a serial number: ${entry?.serialHex ?? ''}`);
}

function extensionBytesOf(entry: CrlEntry): number {
  if (entry.invalidityDate !== undefined) return datedExtensions(entry, entry.invalidityDate).length;
  return REASON_CODES.has(entry.reason) ? REASON_BYTES : 0;
}

function datedExtensions({ reason }: CrlEntry, invalidityDate: UnixMs): Uint8Array {
  const date = encodeExtension(oids.invalidityDate, false, derGeneralizedTime(invalidityDate));
  return reason === 'unspecified' ? derSequence(date) : derSequence(reasonExtension(reason), date);
}

function reasonExtension(reason: CrlReason): Uint8Array {
  return encodeExtension(oids.reasonCode, false, derUnsigned(codeOfReason(reason), derTag.enumerated));
}

/** All but `unspecified`, which is no extension at all (RFC 5280 §5.3.1). */
const REASON_CODES: ReadonlyMap<CrlReason, number> = new Map(
  (
    [
      'keyCompromise',
      'cACompromise',
      'affiliationChanged',
      'superseded',
      'cessationOfOperation',
      'certificateHold',
      'removeFromCRL',
      'privilegeWithdrawn',
      'aACompromise',
    ] as const
  ).map((reason) => [reason, codeOfReason(reason)]),
);

/** Extensions that hold a reason alone differ in their last byte; copying the others costs more than writing them as numbers. */
const REASON_ONLY = derSequence(reasonExtension('keyCompromise'));
const REASON_BYTES = REASON_ONLY.length;
const reasonView = new DataView(REASON_ONLY.buffer, REASON_ONLY.byteOffset, REASON_BYTES);
const REASON_START = reasonView.getUint32(0);
const REASON_MIDDLE = reasonView.getUint32(4);
const REASON_END = reasonView.getUint32(8);
const ONE_BYTE = reasonView.getUint8(12) << 8;
