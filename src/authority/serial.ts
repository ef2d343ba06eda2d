import { serialNumberOf, type Random, type SerialNumber } from '../std/index.ts';

const SERIAL_BYTES = 16;

/** 16 CSPRNG bytes with the top bits 01: positive, of fixed length, 126 bits that nobody can guess. */
export function newSerial(random: Random): SerialNumber {
  const bytes = new Uint8Array(random.bytes(SERIAL_BYTES));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  const serial = serialNumberOf(bytes);
  if (serial === undefined) throw new RangeError('the random port gave a wrong number of bytes');
  return serial;
}
