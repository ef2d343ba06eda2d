import type { UnixMs } from '../std/index.ts';
import { derGeneralizedTime, derSequence, derTag, derTime, derUnsigned } from '../codec/index.ts';
import { codeOfReason, type CrlEntry, type CrlReason } from './crl-entry.ts';
import { MAX_SERIAL_BYTES } from './extension-values.ts';
import { encodeExtension } from './extensions-write.ts';
import { oids } from './oids.ts';

const INITIAL_BYTES = 4096;
const NO_EXTENSIONS = new Uint8Array();

/**
 * Content of revokedCertificates, in the order given. `unspecified` is written as no reasonCode at all.
 * Throws RangeError for a serial that is not 1 to 20 bytes of lower-case hexadecimal.
 * Source: RFC 5280 §5.1.2.6, §5.3.
 */
export function encodeCrlEntries(entries: Iterable<CrlEntry>): Uint8Array {
  const sink = new ByteSink();
  const times = new TimeCache();
  for (const entry of entries) {
    writeEntry(sink, entry.serialHex, times.der(entry.revokedAt), extensionsOf(entry));
  }
  return sink.bytes();
}

/** Every length is below 128 (an entry has at most 90 bytes), so each takes one byte. */
function writeEntry(sink: ByteSink, serialHex: string, time: Uint8Array, extensions: Uint8Array): void {
  const serialBytes = serialHex.length / 2;
  if (!Number.isInteger(serialBytes) || serialBytes === 0 || serialBytes > MAX_SERIAL_BYTES) {
    throw new RangeError(`not a serial number: ${serialHex}`);
  }
  const length = 4 + serialBytes + time.length + extensions.length;
  const { buffer, at } = sink.take(length);
  buffer[at] = derTag.sequence;
  buffer[at + 1] = length - 2;
  buffer[at + 2] = derTag.integer;
  buffer[at + 3] = serialBytes;
  for (let i = 0; i < serialBytes; i++) {
    buffer[at + 4 + i] = nibble(serialHex, 2 * i) * 16 + nibble(serialHex, 2 * i + 1);
  }
  copyInto(buffer, at + 4 + serialBytes, time);
  copyInto(buffer, at + 4 + serialBytes + time.length, extensions);
}

/** Byte by byte: `set` costs more than these few bytes do. */
function copyInto(buffer: Uint8Array, at: number, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) buffer[at + i] = bytes[i] ?? 0;
}

/** Value of a lower-case hexadecimal digit. Not `fromHex`: its array per serial would double the time of a large CRL. */
function nibble(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  throw new RangeError(`not a serial number: ${text}`);
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

/** DER of the last time asked for: revocations come in bursts. */
class TimeCache {
  #second = Number.NaN;
  #der: Uint8Array = NO_EXTENSIONS;

  der(time: UnixMs): Uint8Array {
    const second = Math.floor(time / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#der = derTime(time);
    }
    return this.#der;
  }
}

/** A buffer that doubles when it is full. */
class ByteSink {
  #buffer = new Uint8Array(INITIAL_BYTES);
  #length = 0;

  /** Room for `count` bytes, which the caller fills before it asks again. */
  take(count: number): { readonly buffer: Uint8Array; readonly at: number } {
    const at = this.#length;
    if (at + count > this.#buffer.length) {
      const larger = new Uint8Array(2 * this.#buffer.length + count);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#length = at + count;
    return { buffer: this.#buffer, at };
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}
