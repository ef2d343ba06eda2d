import type { Clock, MonoMs } from '../../std/index.ts';

/** setTimeout takes no more. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** One timer that replaces itself: the last wish counts. */
export class WakeTimer {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  set(at: MonoMs): void {
    this.clear();
    const delay = Math.max(0, Math.ceil(at - this.#clock.now().mono));
    this.#timer = setTimeout(this.#wake, Math.min(MAX_TIMEOUT_MS, delay));
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
