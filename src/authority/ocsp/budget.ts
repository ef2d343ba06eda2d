import { OCSP_OWN_ANSWERS_BURST, OCSP_OWN_ANSWERS_PER_SECOND } from '../limits.ts';
import type { MonoMs } from '../../std/index.ts';

const SECOND_MS = 1_000;

/** Signatures that callers may cause at will: a steady rate and a burst, for all callers together. */
export class SignatureBudget {
  #left: number = OCSP_OWN_ANSWERS_BURST;
  #filledAt: MonoMs | undefined;

  /** Takes one; false when none is left. */
  take(now: MonoMs): boolean {
    const earned = (Math.max(0, now - (this.#filledAt ?? now)) / SECOND_MS) * OCSP_OWN_ANSWERS_PER_SECOND;
    this.#left = Math.min(OCSP_OWN_ANSWERS_BURST, this.#left + earned);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
