import { setImmediate } from 'node:timers/promises';
import { fault, LsError } from '../std/index.ts';
import { exitOfSignal, type InterruptSignal } from './exit.ts';

/** A second signal this soon is the same key press, delivered to the process group and passed on by a launcher. */
const ECHO_MS = 500;
/** How long a command may take to close what it opened. */
const SHUTDOWN_LIMIT_MS = 15_000;

/** How a command learns that it is to stop. */
export interface Interruption {
  /** Aborted when the command is to stop. Asking for it is a promise to end by oneself then. */
  signal(): AbortSignal;
  /** Resolves when the command is to stop; the same promise as {@link signal}. */
  requested(): Promise<void>;
  /** Whether it has happened, once a signal that is just being delivered has arrived. Asking promises nothing. */
  hasHappened(): Promise<boolean>;
}

interface Ending {
  /** Ends the process at once with `code`. */
  readonly end: (code: number) => void;
  readonly fail: (reason: LsError) => void;
}

/**
 * Turns SIGINT, SIGTERM and a closed stdout into one request to stop. A command that never asked for it is ended at
 * once; one that did has {@link SHUTDOWN_LIMIT_MS}, and a second signal ends it without waiting.
 */
export class InterruptionSource implements Interruption {
  readonly #controller = new AbortController();
  readonly #ending: Ending;
  #watched = false;
  #code: number | undefined;
  #since = 0;

  constructor(ending: Ending) {
    this.#ending = ending;
  }

  /** The exit code the interruption asks for; undefined while there was none. */
  get exitCode(): number | undefined {
    return this.#code;
  }

  signal(): AbortSignal {
    this.#watched = true;
    return this.#controller.signal;
  }

  requested(): Promise<void> {
    const signal = this.signal();
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async hasHappened(): Promise<boolean> {
    // The platform hands signals over between turns of the event loop, before its immediates.
    await setImmediate();
    await setImmediate();
    return this.#code !== undefined;
  }

  interrupt(signal: InterruptSignal): void {
    this.#stop(exitOfSignal(signal), signal);
  }

  /** Nobody reads stdout any more: there is nothing left to do, and nothing went wrong. */
  outputClosed(): void {
    if (this.#code === undefined) this.#stop(0, 'closed output');
  }

  #stop(code: number, why: string): void {
    const now = performance.now();
    if (this.#code !== undefined) {
      if (now - this.#since >= ECHO_MS) this.#ending.end(code);
      return;
    }
    this.#code = code;
    this.#since = now;
    if (!this.#watched) {
      this.#ending.end(code);
      return;
    }
    setTimeout(() => {
      const detail = `still not closed ${SHUTDOWN_LIMIT_MS / 1000} s after ${why}`;
      this.#ending.fail(new LsError(fault('LS_CLI_SHUTDOWN_SLOW', detail)));
    }, SHUTDOWN_LIMIT_MS).unref();
    this.#controller.abort();
  }
}
