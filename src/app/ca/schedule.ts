/** Timers longer than this overflow in Node.js; what is due later is looked at again then. */
const MAX_TIMER_MS = 12 * 60 * 60 * 1_000;

/** Work that is due at a time and says when it is due again. */
export interface Recurring {
  /** Does the work and answers the wall-clock time, in milliseconds since 1970, at which it is due next. */
  run(): Promise<number>;
  /** What to do when `run` fails; it is tried again after `retryMs`. */
  onError(cause: unknown): void;
  readonly retryMs: number;
}

/** Runs recurring work at its times until it is stopped, never twice at once. Returns the function that stops it. */
export function schedule(work: Recurring, firstDueAt: number, now: () => number): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const sleepUntil = (dueAt: number): void => {
    if (stopped) return;
    const wait = Math.min(MAX_TIMER_MS, Math.max(0, dueAt - now()));
    timer = setTimeout(() => wake(dueAt), wait);
    timer.unref();
  };
  const wake = (dueAt: number): void => {
    if (dueAt > now()) {
      sleepUntil(dueAt);
      return;
    }
    work.run().then(sleepUntil, (cause: unknown) => {
      work.onError(cause);
      sleepUntil(now() + work.retryMs);
    });
  };
  sleepUntil(firstDueAt);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
