import { unixMs, type UnixMs } from '../std/index.ts';
import { decodeUtcTime, derTag } from '../codec/index.ts';
import { MAX_SERIAL_BYTES } from './extension-values.ts';
import { reasonOfCode, type CrlReason } from './crl-entry.ts';

/**
 * Where the fields of one CRL entry lie. A scanner fills the same object again for every entry, because
 * allocating per entry makes reading a CRL of a million entries several times slower.
 */
export interface EntryFields {
  serialStart: number;
  serialEnd: number;
  revokedAt: UnixMs;
  reason: CrlReason;
  /** Position after the entry. */
  end: number;
}

/** Extensions that hold a reasonCode alone, up to the code. Source: RFC 5280 §5.3.1. */
const REASON_ONLY = Uint8Array.of(
  0x30,
  0x0c,
  0x30,
  0x0a,
  0x06,
  0x03,
  0x55,
  0x1d,
  0x15,
  0x04,
  0x03,
  0x0a,
  0x01,
);
const UTC_TIME_BYTES = 13;

export function emptyEntryFields(): EntryFields {
  return { serialStart: 0, serialEnd: 0, revokedAt: unixMs(0), reason: 'unspecified', end: 0 };
}

/**
 * Reads the entry at `at` when it has the form that nearly all have: short lengths, UTCTime, and no extension
 * or only a reasonCode. Strict in that form; false for anything else, which is then for `readCrlEntry` to judge.
 */
export function scanPlainEntry(bytes: Uint8Array, at: number, limit: number, fields: EntryFields): boolean {
  const length = bytes[at + 1] ?? 0x80;
  const end = at + 2 + length;
  if (bytes[at] !== derTag.sequence || length >= 0x80 || end > limit) return false;
  const timeAt = endOfSerial(bytes, at + 2);
  const extensionsAt = timeAt + 2 + UTC_TIME_BYTES;
  if (timeAt === 0 || extensionsAt > end) return false;
  if (bytes[timeAt] !== derTag.utcTime || bytes[timeAt + 1] !== UTC_TIME_BYTES) return false;
  const revokedAt = decodeUtcTime(bytes, timeAt + 2);
  const reason = extensionsAt === end ? 'unspecified' : reasonAt(bytes, extensionsAt, end);
  if (revokedAt === undefined || reason === undefined) return false;
  fields.serialStart = at + 4;
  fields.serialEnd = timeAt;
  fields.revokedAt = revokedAt;
  fields.reason = reason;
  fields.end = end;
  return true;
}

/** End of the element at `at` by its length alone. Requires: the element was read before, so it is well-formed. */
export function endOfElement(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return at + 2 + first;
  let length = 0;
  for (let i = 0; i < (first & 0x7f); i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  return at + 2 + (first & 0x7f) + length;
}

function reasonAt(bytes: Uint8Array, at: number, end: number): CrlReason | undefined {
  if (end - at !== REASON_ONLY.length + 1) return undefined;
  for (let i = 0; i < REASON_ONLY.length; i++) if (bytes[at + i] !== REASON_ONLY[i]) return undefined;
  return reasonOfCode(bytes[end - 1] ?? 0xff);
}

/** Position after the INTEGER at `at`; 0 when it is not minimal or not 1 to 20 bytes long. */
function endOfSerial(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1] ?? 0;
  if (bytes[at] !== derTag.integer || length === 0 || length > MAX_SERIAL_BYTES) return 0;
  const first = bytes[at + 2] ?? 0;
  const second = bytes[at + 3] ?? 0;
  const padded = length > 1 && ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80));
  return padded ? 0 : at + 2 + length;
}
