import { concatBytes } from '../../std/index.ts';

/** Takes counted bytes from a stream, holding no more than what was asked for and one piece of the source. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next `count` bytes; fewer only at the end of the stream. */
  async take(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = count;
    while (missing > 0) {
      const some = await this.some(missing);
      if (some.length === 0) break;
      parts.push(some);
      missing -= some.length;
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : concatBytes(...parts);
  }

  /** Between 1 and `max` of the next bytes; none only at the end of the stream. */
  async some(max: number): Promise<Uint8Array> {
    while (this.#held.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return new Uint8Array();
      this.#held = next.value;
    }
    const some = this.#held.subarray(0, max);
    this.#held = this.#held.subarray(some.length);
    return some;
  }
}

/** An unsigned integer in `bytes` bytes, most significant first. Requires: it fits. */
export function uintBytes(value: number, bytes: number): Uint8Array {
  const encoded = new Uint8Array(bytes);
  let rest = value;
  for (let at = bytes - 1; at >= 0; at--) {
    encoded[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return encoded;
}

/** The unsigned integer that `bytes` are, most significant first; NaN when it is not a safe one. */
export function uintOf(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
