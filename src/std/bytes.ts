const HEX_DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
/** What is no digit: stays above the lowest byte, shifted or not. */
const NO_DIGIT = 0x100;
const ASCII_END = 0x80;
const ASCII_MASK = ASCII_END - 1;
/** Value of a lower-case digit by its character code. */
const HEX_VALUES = Uint16Array.from({ length: ASCII_END }, (_, code) => hexValue(String.fromCharCode(code)));
/** Up to here a loop beats the platform's encoder. */
const SHORT_TEXT = 64;

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Not constant-time: for public values only. Secrets are compared through the crypto port. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Bytewise lexicographic order; a proper prefix comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX_DIGITS[byte] ?? '';
  return text;
}

/** Bytes of a lower-case hexadecimal string; undefined for anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  return writeHex(text, new DataView(bytes.buffer)) ? bytes : undefined;
}

/** False for a text that is not lower-case hexadecimal, of which some may have been written. Requires: an even length, and room. */
function writeHex(text: string, target: DataView): boolean {
  const whole = text.length & ~3;
  let wrong = 0;
  // Two bytes at once, and one look in the end: less time than a look at every digit.
  for (let i = 0, at = 0; i < whole; i += 4, at += 2) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    const first = (digitOf(a) << 4) | digitOf(b);
    const second = (digitOf(c) << 4) | digitOf(d);
    wrong |= first | second | notAscii(a | b | c | d);
    target.setUint16(at, (first << 8) | second);
  }
  if (whole < text.length) {
    const a = text.charCodeAt(whole);
    const b = text.charCodeAt(whole + 1);
    const last = (digitOf(a) << 4) | digitOf(b);
    wrong |= last | notAscii(a | b);
    target.setUint8(whole / 2, last);
  }
  return wrong <= 0xff;
}

/** Above the lowest byte for a character code, or several, beyond ASCII. */
function notAscii(codes: number): number {
  return (codes & ~ASCII_MASK) << 8;
}

/** {@link NO_DIGIT}, which is no part of any byte, for what is none. */
function digitOf(code: number): number {
  return HEX_VALUES[code & ASCII_MASK] ?? NO_DIGIT;
}

function hexValue(character: string): number {
  const value = '0123456789abcdef'.indexOf(character);
  return value === -1 ? NO_DIGIT : value;
}

export function utf8(text: string): Uint8Array {
  return (text.length <= SHORT_TEXT ? ascii(text) : undefined) ?? encoder.encode(text);
}

/** Undefined for text with other characters. */
function ascii(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= ASCII_END) return undefined;
    bytes[i] = code;
  }
  return bytes;
}

/** Text of well-formed UTF-8 (a byte order mark is kept as a character); undefined for anything else. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
