import { OCSP_OWN_ANSWERS_BURST, OCSP_OWN_ANSWERS_PER_SECOND } from '../limits.ts';
import type { MonoMs } from '../../std/index.ts';

const SECOND_MS = 1_000;
const DEFAULT_RATE = { perSecond: OCSP_OWN_ANSWERS_PER_SECOND, burst: OCSP_OWN_ANSWERS_BURST };

export interface SignatureRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Signatures that callers may cause at will: a steady rate and a burst, for all callers together. */
export class SignatureBudget {
  readonly #rate: SignatureRate;
  #left: number;
  #filledAt: MonoMs | undefined;

  constructor(rate: SignatureRate = DEFAULT_RATE) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** Takes one; false when none is left. */
  take(now: MonoMs): boolean {
    const earned = (Math.max(0, now - (this.#filledAt ?? now)) / SECOND_MS) * this.#rate.perSecond;
    this.#left = Math.min(this.#rate.burst, this.#left + earned);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
