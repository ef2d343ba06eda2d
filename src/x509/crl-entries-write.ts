import { writeHex } from '../std/index.ts';
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
const NO_EXTENSIONS = new Uint8Array();

/**
 * Bytes that {@link writeCrlEntries} will write. A large CRL is measured first and written in its place at once, because
 * growing and joining buffers takes as long as the writing.
 * Throws RangeError for a serial that is not 1 to 20 bytes long.
 */
export function measureCrlEntries(entries: Iterable<CrlEntry>): number {
  let length = 0;
  for (const entry of entries) {
    length += HEADERS + serialBytesOf(entry) + timeLength(entry.revokedAt) + extensionsOf(entry).length;
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
  let at = start;
  for (const entry of entries) at = writeEntry(view, at, entry, extensionsOf(entry));
  return at;
}

function writeEntry(target: DataView, at: number, entry: CrlEntry, extensions: Uint8Array): number {
  const serialBytes = serialBytesOf(entry);
  if (!writeHex(entry.serialHex, target, at + HEADERS)) throw notSerial(entry);
  const timeEnd = writeTime(target, at + HEADERS + serialBytes, entry.revokedAt);
  const end = writeBytes(target, timeEnd, extensions);
  target.setUint16(at, (derTag.sequence << 8) | (end - at - 2));
  target.setUint16(at + 2, (derTag.integer << 8) | serialBytes);
  return end;
}

/** `set` costs more than these few bytes do, and one byte as much as two. */
function writeBytes(target: DataView, at: number, bytes: Uint8Array): number {
  const even = bytes.length & ~1;
  for (let i = 0; i < even; i += 2) {
    target.setUint16(at + i, ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  }
  if (even < bytes.length) target.setUint8(at + even, bytes[even] ?? 0);
  return at + bytes.length;
}

function serialBytesOf(entry: CrlEntry): number {
  const { length } = entry.serialHex;
  if (length > 0 && length <= 2 * MAX_SERIAL_BYTES && (length & 1) === 0) return length >> 1;
  throw notSerial(entry);
}

function notSerial({ serialHex }: CrlEntry): RangeError {
  return new RangeError(`not a serial number: ${serialHex}`);
}

function extensionsOf({ reason, invalidityDate }: CrlEntry): Uint8Array {
  if (invalidityDate === undefined) return REASON_ONLY.get(reason) ?? NO_EXTENSIONS;
  const date = encodeExtension(oids.invalidityDate, false, derGeneralizedTime(invalidityDate));
  return reason === 'unspecified' ? derSequence(date) : derSequence(reasonExtension(reason), date);
}

function reasonExtension(reason: CrlReason): Uint8Array {
  return encodeExtension(oids.reasonCode, false, derUnsigned(codeOfReason(reason), derTag.enumerated));
}

/** Extensions that hold the reason alone, by reason; none for `unspecified` (RFC 5280 §5.3.1). */
const REASON_ONLY: ReadonlyMap<CrlReason, Uint8Array> = new Map(
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
  ).map((reason) => [reason, derSequence(reasonExtension(reason))]),
);
