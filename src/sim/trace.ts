const LANES = [
  { multiply: 0xcc9e2d51, then: 0x1b873593, add: 0xe6546b64, seed: 0x2f0b4c27 },
  { multiply: 0x239b961b, then: 0xab0e9789, add: 0x561ccd1b, seed: 0x7ed558cc },
] as const;

/**
 * A running hash over all that happens, so that two runs can be compared as a whole. Not cryptographic: nobody gains
 * by a collision. Source: the mixing steps are those of MurmurHash3 (Appleby), public domain.
 */
export class Trace {
  readonly #lanes = Uint32Array.from(LANES, ({ seed }) => seed);
  readonly #float = new Float64Array(1);
  readonly #words = new Uint32Array(this.#float.buffer);
  #length = 0;

  /** 16 hexadecimal digits that stand for everything put in so far, in its order. */
  get digest(): string {
    return [...this.#lanes].map((lane) => finish(lane ^ this.#length)).join('');
  }

  word(value: number): void {
    this.#length += 1;
    for (const [i, { multiply, then, add }] of LANES.entries()) {
      const mixed = Math.imul(rotate(Math.imul(value, multiply), 15), then);
      this.#lanes[i] = Math.imul(rotate((this.#lanes[i] ?? 0) ^ mixed, 13), 5) + add;
    }
  }

  number(value: number): void {
    this.#float[0] = value;
    this.word(this.#words[0] ?? 0);
    this.word(this.#words[1] ?? 0);
  }

  text(value: string): void {
    this.word(value.length);
    for (let i = 0; i < value.length; i++) this.word(value.charCodeAt(i));
  }

  bytes(value: Uint8Array): void {
    this.word(value.length);
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    const whole = value.length & ~3;
    for (let i = 0; i < whole; i += 4) this.word(view.getUint32(i));
    for (let i = whole; i < value.length; i++) this.word(view.getUint8(i));
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function finish(lane: number): string {
  let word = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return ((word ^ (word >>> 16)) >>> 0).toString(16).padStart(8, '0');
}
