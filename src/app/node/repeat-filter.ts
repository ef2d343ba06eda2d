import type { MonoMs } from '../../std/index.ts';

/** A line that repeats is written once in this time. */
export const REPEAT_QUIET_MS = 60_000;
/** Different lines remembered; beyond it the oldest is written again too early. */
export const MAX_REMEMBERED_LINES = 1_024;

interface Line {
  readonly writtenAt: MonoMs;
  repeated: number;
}

/** Keeps a peer that fails every second from filling the log: each kind of line once a minute, with a count; the rest is for debugging. */
export class RepeatFilter {
  readonly #lines = new Map<string, Line>();

  /** How often `key` was held back since it was last written; undefined when it is to be held back now. */
  admit(key: string, now: MonoMs): number | undefined {
    const line = this.#lines.get(key);
    if (line !== undefined && now - line.writtenAt < REPEAT_QUIET_MS) {
      line.repeated += 1;
      return undefined;
    }
    this.#lines.delete(key);
    this.#lines.set(key, { writtenAt: now, repeated: 0 });
    if (this.#lines.size > MAX_REMEMBERED_LINES) {
      for (const oldest of this.#lines.keys()) {
        this.#lines.delete(oldest);
        break;
      }
    }
    return line?.repeated ?? 0;
  }
}
