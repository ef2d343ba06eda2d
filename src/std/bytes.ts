const HEX_DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const NO_DIGIT = 16;
const ASCII_END = 0x80;
/** Value of a lower-case digit by its character code. */
const HEX_VALUES = Uint8Array.from({ length: ASCII_END }, (_, code) => hexValue(String.fromCharCode(code)));
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
  return writeHex(text, bytes, 0) ? bytes : undefined;
}

/**
 * {@link fromHex} into `target` at `start`, for those who write a million of them; false for a text that is not lower-case
 * hexadecimal, of which some may have been written. Requires: an even length, and room.
 */
export function writeHex(text: string, target: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i += 2) {
    const high = HEX_VALUES[text.charCodeAt(i)] ?? NO_DIGIT;
    const low = HEX_VALUES[text.charCodeAt(i + 1)] ?? NO_DIGIT;
    if (high === NO_DIGIT || low === NO_DIGIT) return false;
    target[start + i / 2] = (high << 4) | low;
  }
  return true;
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
