/** True for the content of an INTEGER or ENUMERATED in its shortest form. Source: X.690 §8.3.2. */
export function isMinimalInteger(body: Uint8Array): boolean {
  const [first, second] = body;
  if (first === undefined) return false;
  if (second === undefined) return true;
  return !(first === 0x00 && second < 0x80) && !(first === 0xff && second >= 0x80);
}

/** Value of a minimal INTEGER; undefined when negative or above Number.MAX_SAFE_INTEGER. */
export function unsignedOf(body: Uint8Array): number | undefined {
  if ((body[0] ?? 0x80) >= 0x80) return undefined;
  let value = 0;
  for (const byte of body) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Text of bytes that are all below 128, undefined for others. Several times faster than a TextDecoder on short texts. */
export function asciiText(body: Uint8Array): string | undefined {
  let text = '';
  for (const byte of body) {
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Positions of the set bits; undefined when the encoding is not DER for a named bit list. Source: X.690 §11.2.2. */
export function decodeNamedBits(body: Uint8Array): number[] | undefined {
  const unused = body[0];
  if (unused === undefined || unused > 7) return undefined;
  if (body.length === 1) return unused === 0 ? [] : undefined;
  const last = body[body.length - 1] ?? 0;
  if ((last & (0xff >> (8 - unused))) !== 0 || (last & (1 << unused)) === 0) return undefined;
  const positions: number[] = [];
  for (let bit = 0; bit < (body.length - 1) * 8; bit++) {
    if (((body[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0) positions.push(bit);
  }
  return positions;
}
