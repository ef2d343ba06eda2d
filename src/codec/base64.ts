const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Base64 with padding, on one line. Source: RFC 4648 §4. */
export function encodeBase64(bytes: Uint8Array): string {
  const text = encode(bytes, STANDARD);
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/** Bytes of padded base64 on one line; undefined for anything but the one canonical text of some bytes. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/={1,2}$/, '');
  return Math.ceil(digits.length / 4) * 4 === text.length ? decode(digits, STANDARD_VALUES) : undefined;
}

/** Base64url without padding. Source: RFC 4648 §5. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encode(bytes, URL_SAFE);
}

/** Bytes of unpadded base64url; undefined for anything but the one canonical text of some bytes. */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  return decode(text, URL_SAFE_VALUES);
}

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = Math.min(4, bytes.length - i + 1);
    for (let digit = 0; digit < digits; digit++) text += alphabet[(group >> (18 - 6 * digit)) & 63] ?? '';
  }
  return text;
}

function decode(digits: string, values: ReadonlyMap<string, number>): Uint8Array | undefined {
  const left = digits.length % 4;
  if (left === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let group = 0;
  let bits = 0;
  let length = 0;
  for (const digit of digits) {
    const value = values.get(digit);
    if (value === undefined) return undefined;
    group = ((group << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (group >> bits) & 0xff;
    }
  }
  const padding = group & ((1 << bits) - 1);
  return padding === 0 ? bytes : undefined;
}

const valuesOf = (alphabet: string): ReadonlyMap<string, number> =>
  new Map([...alphabet].map((digit, value) => [digit, value]));
const STANDARD_VALUES = valuesOf(STANDARD);
const URL_SAFE_VALUES = valuesOf(URL_SAFE);
