import type { MonoMs } from '../std/index.ts';

/** A rate limit: `perSecond` on average, `burst` at once. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filled: MonoMs;

  constructor(perSecond: number, burst: number, now: MonoMs) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filled = now;
  }

  /** Takes one token if there is one. */
  take(now: MonoMs): boolean {
    const gained = ((now - this.#filled) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, gained));
    this.#filled = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
