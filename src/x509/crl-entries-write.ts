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
  let at = start;
  for (const entry of entries) at = writeEntry(target, at, entry);
  return at;
}

function writeEntry(target: Uint8Array, at: number, entry: CrlEntry): number {
  const serialBytes = serialBytesOf(entry);
  if (!writeHex(entry.serialHex, target, at + HEADERS)) throw notSerial(entry);
  let end = writeTime(target, at + HEADERS + serialBytes, entry.revokedAt);
  // Byte by byte: `set` costs more than these few bytes do.
  const extensions = extensionsOf(entry);
  for (let i = 0; i < extensions.length; i++) target[end++] = extensions[i] ?? 0;
  target[at] = derTag.sequence;
  target[at + 1] = end - at - 2;
  target[at + 2] = derTag.integer;
  target[at + 3] = serialBytes;
  return end;
}

function serialBytesOf(entry: CrlEntry): number {
  const bytes = entry.serialHex.length / 2;
  if (Number.isInteger(bytes) && bytes > 0 && bytes <= MAX_SERIAL_BYTES) return bytes;
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
