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
  let filled = 0;
  let at = start;
  for (const entry of entries) {
    texts[filled] = serialOf(entry);
    batch[filled] = entry;
    filled += 1;
    if (filled < BATCH_ENTRIES) continue;
    at = writeBatch(view, at, batch, texts, serials);
    filled = 0;
  }
  batch.length = filled;
  texts.length = filled;
  return writeBatch(view, at, batch, texts, serials);
}

function writeBatch(
  target: DataView,
  start: number,
  batch: readonly CrlEntry[],
  texts: readonly string[],
  serials: HexBatch,
): number {
  const decoded = serials.decode(texts);
  if (decoded === undefined) throw notSerial(batch.find(isNoHex));
  let at = start;
  let serialAt = 0;
  for (const entry of batch) {
    const serialBytes = serialBytesOf(entry);
    const serialEnd = copy(decoded, serialAt, serialBytes, target, at + HEADERS);
    const end = writeExtensions(target, writeTime(target, serialEnd, entry.revokedAt), entry);
    target.setUint16(at, (derTag.sequence << 8) | (end - at - 2));
    target.setUint16(at + 2, (derTag.integer << 8) | serialBytes);
    serialAt += serialBytes;
    at = end;
  }
  return at;
}

/** Returns the position after what was copied. `set` costs more than these few bytes do. */
function copy(source: DataView, from: number, length: number, target: DataView, at: number): number {
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) target.setUint32(at + i, source.getUint32(from + i));
  for (let i = whole; i < length; i++) target.setUint8(at + i, source.getUint8(from + i));
  return at + length;
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
