import { Worker } from 'node:worker_threads';
import { err, fault, type Fault, type Result } from '../../std/index.ts';
import type { CrlCheck, CrlFindings } from '../../trust/index.ts';
import type { CheckAnswer } from './messages.ts';

/** Checks that may wait for the one under way. */
export const MAX_QUEUED_CHECKS = 4;
/** The longest check takes seconds; a thread that has not answered by then never will. */
const CHECK_LIMIT_MS = 60_000;
/** The thread ends when it had nothing to do for this long: its memory is worth more than its start. */
const IDLE_MS = 10_000;
/** JavaScript heap of the thread. What it checks and finds lies outside of it, and is bounded by the size of a CRL. */
const HEAP_LIMIT_MIB = 64;

/** Beside this file in a checkout and in the installed package, where it is JavaScript. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

interface Job {
  readonly check: CrlCheck;
  readonly answer: (findings: Result<CrlFindings, Fault>) => void;
}

/**
 * Goes through large CRLs in a thread of its own, one after the other, so that a node goes on hearing and beating meanwhile.
 * The findings come from that thread alone. When it crashes, or does not answer in time, the check fails and the next one has
 * a new thread.
 */
export class CrlChecker {
  readonly #worker: URL;
  readonly #limitMs: number;
  #waiting: Job[] = [];
  #current: Job | undefined;
  #thread: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** The arguments are for tests. */
  constructor(worker: URL = WORKER, limitMs: number = CHECK_LIMIT_MS) {
    this.#worker = worker;
    this.#limitMs = limitMs;
  }

  /** Never rejects. Errors: LS_CRL_CHECK_BUSY, LS_CRL_CHECK_FAILED; those of parsing. */
  check(check: CrlCheck): Promise<Result<CrlFindings, Fault>> {
    if (this.#closed) return Promise.resolve(failed('the node ends'));
    if (this.#waiting.length >= MAX_QUEUED_CHECKS) {
      const detail = `${MAX_QUEUED_CHECKS} CRLs wait for their check already`;
      return Promise.resolve(err(fault('LS_CRL_CHECK_BUSY', detail)));
    }
    return new Promise((answer) => {
      this.#waiting.push({ check, answer });
      this.#next();
    });
  }

  /** Ends the thread; what was not answered fails. */
  async close(): Promise<void> {
    this.#closed = true;
    const open = [...(this.#current === undefined ? [] : [this.#current]), ...this.#waiting];
    this.#current = undefined;
    this.#waiting = [];
    for (const { answer } of open) answer(failed('the node ends'));
    await this.#endThread();
  }

  #next(): void {
    if (this.#current !== undefined) return;
    clearTimeout(this.#timer);
    this.#current = this.#waiting.shift();
    if (this.#current === undefined) {
      this.#timer = setTimeout(() => void this.#endThread(), IDLE_MS).unref();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#crashed(`no answer within ${this.#limitMs} ms`);
    }, this.#limitMs).unref();
    this.#thread ??= this.#start();
    this.#thread.postMessage(this.#current.check);
  }

  #start(): Worker {
    const thread = new Worker(this.#worker, {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_LIMIT_MIB },
      stdin: false,
    });
    thread.unref();
    thread.on('message', (answer: CheckAnswer) => {
      if (thread === this.#thread) this.#answered(answer);
    });
    for (const event of ['error', 'messageerror'] as const) {
      thread.on(event, (cause) => {
        if (thread === this.#thread)
          this.#crashed(cause instanceof Error ? cause.message : 'unknown failure');
      });
    }
    thread.on('exit', (code) => {
      if (thread === this.#thread) this.#crashed(`the thread ended with code ${code}`);
    });
    return thread;
  }

  #answered(answer: Result<CrlFindings, Fault>): void {
    const job = this.#current;
    this.#current = undefined;
    job?.answer(answer);
    this.#next();
  }

  #crashed(detail: string): void {
    void this.#endThread();
    this.#answered(failed(detail));
  }

  async #endThread(): Promise<void> {
    clearTimeout(this.#timer);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }
}

function failed(detail: string): Result<CrlFindings, Fault> {
  return err(fault('LS_CRL_CHECK_FAILED', detail));
}
