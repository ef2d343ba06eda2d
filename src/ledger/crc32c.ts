/**
 * CRC-32C (Castagnoli), reflected polynomial 0x82F63B78, as a running state: start with {@link crc32cStart}, feed
 * bytes with {@link crc32cUpdate}, end with {@link crc32cFinish}. Detects accidents, not attackers.
 * Source: RFC 3720 §12.1, appendix B.4.
 */
export function crc32cStart(): number {
  return 0xffffffff;
}

/** Feeds bytes begin … end − 1 of `bytes`. */
export function crc32cUpdate(state: number, bytes: Uint8Array, begin = 0, end = bytes.length): number {
  let crc = state;
  let at = begin;
  for (; at + 8 <= end; at += 8) {
    crc ^=
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    crc =
      lookUp(7, crc & 0xff) ^
      lookUp(6, (crc >>> 8) & 0xff) ^
      lookUp(5, (crc >>> 16) & 0xff) ^
      lookUp(4, crc >>> 24) ^
      lookUp(3, bytes[at + 4] ?? 0) ^
      lookUp(2, bytes[at + 5] ?? 0) ^
      lookUp(1, bytes[at + 6] ?? 0) ^
      lookUp(0, bytes[at + 7] ?? 0);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ lookUp(0, (crc ^ (bytes[at] ?? 0)) & 0xff);
  return crc;
}

/** The checksum as an unsigned 32-bit integer. */
export function crc32cFinish(state: number): number {
  return (state ^ 0xffffffff) >>> 0;
}

export function crc32c(bytes: Uint8Array): number {
  return crc32cFinish(crc32cUpdate(crc32cStart(), bytes));
}

const POLYNOMIAL = 0x82f63b78;
/** Eight tables of 256: table k gives the effect of a byte that k more bytes follow ("slicing by 8"). */
const TABLES = buildTables();

function lookUp(table: number, byte: number): number {
  return TABLES[(table << 8) | byte] ?? 0;
}

function buildTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256] ?? 0;
    tables[i] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
  }
  return tables;
}
