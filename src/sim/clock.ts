import { monoMs, unixMs, type Instant, type MonoMs, type UnixMs } from '../std/index.ts';

/** One machine's clocks: both drift together against the world's time, and the wall clock can be set. */
export class NodeClock {
  readonly #start: UnixMs;
  readonly #zero: number;
  readonly #rate: number;
  #wallOffset = 0;

  /** `zero`: what the monotonic clock shows when the world begins, at `start`. `drift`: 0.0001 gains 0.1 ms a second. */
  constructor(start: UnixMs, zero: number, drift: number) {
    this.#start = start;
    this.#zero = zero;
    this.#rate = 1 + drift;
  }

  /** Both readings at the world's time `at`, in milliseconds since it began. */
  read(at: number): Instant {
    const passed = at * this.#rate;
    return {
      mono: monoMs(this.#zero + passed),
      wall: unixMs(Math.floor(this.#start + passed + this.#wallOffset)),
    };
  }

  /** The world's time at which the monotonic clock shows `mono`. */
  timeOf(mono: MonoMs): number {
    return (mono - this.#zero) / this.#rate;
  }

  /** Somebody sets the wall clock, forward or back. */
  jump(ms: number): void {
    this.#wallOffset += ms;
  }
}
