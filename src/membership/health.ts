import type { MonoMs } from '../std/index.ts';

/** Lateness of our own timer below which nothing is wrong with us. Milliseconds. */
const TOLERATED_LATENESS_MS = 100;
export const MAX_LOCAL_HEALTH = 8;
const HEALTHY_AFTER_MS = 10_000;

/**
 * How much this process trusts its own judgement: 0 is well, 8 is worst. Fed by how late its timers run.
 *
 * Source: Lifeguard (Dadgar, Phillips, Currey 2018) §4.1, with event-loop delay in place of missed probes.
 */
export class LocalHealth {
  #score = 0;
  #lastLate: MonoMs | undefined;

  get score(): number {
    return this.#score;
  }

  /** Takes one wake-up that was due at `due` and ran at `now`; returns the time stolen from us in milliseconds. */
  woke(due: MonoMs, now: MonoMs): number {
    const lateness = now - due;
    if (lateness > TOLERATED_LATENESS_MS) {
      const steps = lateness > 10 * TOLERATED_LATENESS_MS ? 2 : 1;
      this.#score = Math.min(MAX_LOCAL_HEALTH, this.#score + steps);
      this.#lastLate = now;
      return lateness;
    }
    if (this.#score > 0 && now - (this.#lastLate ?? now) >= HEALTHY_AFTER_MS) {
      this.#score -= 1;
      this.#lastLate = now;
    }
    return 0;
  }
}
