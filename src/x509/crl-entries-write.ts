import { fromHex, type UnixMs } from '../std/index.ts';
import { derGeneralizedTime, derSequence, derTag, derTime, derUnsigned } from '../codec/index.ts';
import { codeOfReason, type CrlEntry, type CrlReason } from './crl-entry.ts';
import { encodeExtension } from './extensions-write.ts';
import { oids } from './oids.ts';

const INITIAL_BYTES = 4096;
const MAX_SERIAL_BYTES = 20;
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
    const serial = fromHex(entry.serialHex);
    if (serial === undefined || serial.length === 0 || serial.length > MAX_SERIAL_BYTES) {
      throw new RangeError(`not a serial number: ${entry.serialHex}`);
    }
    writeEntry(sink, serial, times.der(entry.revokedAt), extensionsOf(entry));
  }
  return sink.bytes();
}

/** Every length is below 128 (at most 94), so each takes one byte. */
function writeEntry(sink: ByteSink, serial: Uint8Array, time: Uint8Array, extensions: Uint8Array): void {
  sink.byte(derTag.sequence);
  sink.byte(2 + serial.length + time.length + extensions.length);
  sink.byte(derTag.integer);
  sink.byte(serial.length);
  sink.append(serial);
  sink.append(time);
  sink.append(extensions);
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

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return;
    const larger = new Uint8Array(2 * this.#buffer.length + count);
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}
