import { MAX_HEALTH } from '../heartbeat/index.ts';
import type { MonoMs } from '../std/index.ts';

/** The worst score: what a heartbeat can say. */
export const MAX_LOCAL_HEALTH = MAX_HEALTH;

/** When this process counts as unwell. */
export interface HealthConfig {
  /** Lateness of our own timer below which nothing is wrong with us. */
  readonly toleratedLatenessMs: number;
  /** Without lateness for so long, the score falls by one. */
  readonly healthyAfterMs: number;
  /** How far the score may rise, at most MAX_LOCAL_HEALTH: each step makes us wait longer before we accuse. */
  readonly maxScore: number;
}

export const DEFAULT_HEALTH: HealthConfig = {
  toleratedLatenessMs: 100,
  healthyAfterMs: 10_000,
  maxScore: MAX_LOCAL_HEALTH,
};

/**
 * How much this process trusts its own judgement: 0 is well, 8 is worst. Fed by how late its timers run.
 *
 * Source: Lifeguard (Dadgar, Phillips, Currey 2018) §4.1, with event-loop delay in place of missed probes.
 */
export class LocalHealth {
  #config: HealthConfig;
  #score = 0;
  #lastLate: MonoMs | undefined;

  constructor(config: HealthConfig = DEFAULT_HEALTH) {
    this.#config = config;
  }

  get score(): number {
    return this.#score;
  }

  configure(config: HealthConfig): void {
    this.#config = config;
    this.#score = Math.min(this.#score, config.maxScore);
  }

  /** Takes one wake-up that was due at `due` and ran at `now`; returns the time stolen from us in milliseconds. */
  woke(due: MonoMs, now: MonoMs): number {
    const { toleratedLatenessMs, healthyAfterMs, maxScore } = this.#config;
    const lateness = now - due;
    if (lateness > toleratedLatenessMs) {
      const steps = lateness > 10 * toleratedLatenessMs ? 2 : 1;
      this.#score = Math.min(maxScore, this.#score + steps);
      this.#lastLate = now;
      return lateness;
    }
    if (this.#score > 0 && now - (this.#lastLate ?? now) >= healthyAfterMs) {
      this.#score -= 1;
      this.#lastLate = now;
    }
    return 0;
  }
}
