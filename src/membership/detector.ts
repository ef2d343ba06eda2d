import { monoMs, type MonoMs } from '../std/index.ts';

/** Parameters of the arrival detector; every number is a multiple of the subject's own interval. */
export interface DetectorConfig {
  /** No judgement earlier than this many intervals after the last arrival. */
  readonly floorIntervals: number;
  /** Slack after the expected arrival: what jitter may cost before silence means something. */
  readonly marginIntervals: number;
  /** No later than this after the last arrival, whatever the windows say: a subject must not stretch its own deadline. */
  readonly ceilingIntervals: number;
  readonly shortWindow: number;
  readonly longWindow: number;
}

export const DEFAULT_DETECTOR: DetectorConfig = {
  floorIntervals: 2.5,
  marginIntervals: 1.5,
  ceilingIntervals: 6,
  shortWindow: 4,
  longWindow: 64,
};

/**
 * Expected arrival of one subject's next heartbeat, from a short and a long window of past arrivals; the later
 * of the two counts, so that it reacts to a new delay at once and forgets it slowly.
 *
 * Source: Chen, Toueg, Aguilera (2002) §5 (NFD-E); Tomsic et al. (2015), two windows.
 */
export class ArrivalDetector {
  #config: DetectorConfig;
  #intervalMs: number;
  /** Arrival time less seq × interval of the newest arrivals, oldest first; at most `longWindow`. */
  #offsets: number[] = [];
  #lastSeq = 0;
  #lastArrival: MonoMs;
  /** The deadline without credit: asked for far more often than anything arrives. */
  #judged: number | undefined;
  /** Time that was taken from us (a stalled event loop), which must not count against the subject. */
  #credit = 0;

  /** Starts the clock at `now`: a subject that never sends is judged from here. */
  constructor(intervalMs: number, now: MonoMs, config: DetectorConfig = DEFAULT_DETECTOR) {
    this.#config = config;
    this.#intervalMs = intervalMs;
    this.#lastArrival = now;
  }

  /** Judges by other parameters from now on, also what came before. */
  configure(config: DetectorConfig): void {
    this.#config = config;
    this.#offsets = this.#offsets.slice(-config.longWindow);
    this.#judged = undefined;
  }

  get lastArrival(): MonoMs {
    return this.#lastArrival;
  }

  /** Records that heartbeat `seq` with its declared interval arrived at `now`. */
  arrived(seq: number, intervalMs: number, now: MonoMs): void {
    if (intervalMs !== this.#intervalMs) {
      this.#intervalMs = intervalMs;
      this.#offsets = [];
    }
    this.#offsets.push(now - seq * intervalMs);
    if (this.#offsets.length > this.#config.longWindow) this.#offsets.shift();
    this.#lastSeq = seq;
    this.#lastArrival = now;
    this.#judged = undefined;
    this.#credit = 0;
  }

  /** Extends the deadline by `ms` that our own process did not run. */
  extend(ms: number): void {
    this.#credit += ms;
  }

  /** The moment from which silence counts as silence. */
  deadline(): MonoMs {
    this.#judged ??= this.#judge();
    return monoMs(this.#judged + this.#credit);
  }

  #judge(): number {
    const interval = this.#intervalMs;
    const { floorIntervals, marginIntervals, ceilingIntervals, shortWindow } = this.#config;
    const floor = this.#lastArrival + floorIntervals * interval;
    const ceiling = this.#lastArrival + ceilingIntervals * interval;
    const expected = Math.max(this.#expected(shortWindow), this.#expected(this.#offsets.length));
    return Math.min(Math.max(floor, expected + marginIntervals * interval), ceiling);
  }

  #expected(window: number): number {
    const recent = this.#offsets.slice(-window);
    if (recent.length === 0) return -Infinity;
    const mean = recent.reduce((sum, offset) => sum + offset, 0) / recent.length;
    return mean + (this.#lastSeq + 1) * this.#intervalMs;
  }
}
