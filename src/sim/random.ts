import type { Random } from '../std/index.ts';

const TWO_32 = 2 ** 32;
/** Of splitmix32: the golden ratio, and the constants of its mixing function. */
const STEP = 0x9e3779b9;
const MIX_1 = 0x85ebca6b;
const MIX_2 = 0xc2b2ae35;

/**
 * xoshiro128** with its state filled by splitmix32: the only dice of the simulator. The same seed gives the same draws
 * on every machine. Not for keys of real nodes.
 *
 * Source: Blackman and Vigna, Scrambled linear pseudorandom number generators (2021).
 */
export class SeededRandom implements Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    let mixed = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + STEP) >>> 0;
      let word = Math.imul(mixed ^ (mixed >>> 16), MIX_1);
      word = Math.imul(word ^ (word >>> 13), MIX_2);
      this.#state[i] = word ^ (word >>> 16);
    }
  }

  /** The next 32 bits. */
  next(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const [mixedC, mixedD] = [c ^ a, d ^ b];
    this.#state[1] = b ^ mixedC;
    this.#state[0] = a ^ mixedD;
    this.#state[2] = mixedC ^ (b << 9);
    this.#state[3] = rotate(mixedD, 11);
    return result;
  }

  /** In [0, 1). */
  share(): number {
    return this.next() / TWO_32;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.share() * bound);
  }

  /** In [low, high). */
  between(low: number, high: number): number {
    return low + this.share() * (high - low);
  }

  chance(probability: number): boolean {
    return this.share() < probability;
  }

  /** Requires: a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)];
    if (chosen === undefined) throw new RangeError('nothing to pick from');
    return chosen;
  }

  /** `count` different ones, or all of a shorter list, in random order. */
  sample<T>(list: readonly T[], count: number): readonly T[] {
    const rest = [...list];
    const chosen: T[] = [];
    while (chosen.length < count && rest.length > 0) {
      chosen.push(...rest.splice(this.below(rest.length), 1));
    }
    return chosen;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() >>> 24);
  }

  /** Dice of their own for one part, so that its draws do not move those of the others. */
  fork(): SeededRandom {
    return new SeededRandom(this.next());
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
