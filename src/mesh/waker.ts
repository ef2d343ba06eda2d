import { monoMs, type MonoMs } from '../std/index.ts';
import type { Core } from './core.ts';

/** When the node wants to be woken next, and how late it is when it is. */
export class Waker {
  readonly #core: Core;
  #at: MonoMs | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The wake-up that was asked for and has not come. */
  get at(): MonoMs | undefined {
    return this.#at;
  }

  /** It has come. Answers when it was due. */
  woke(): MonoMs {
    const due = this.#at ?? this.#core.now.mono;
    this.#at = undefined;
    return due;
  }

  /** Asks for the earliest of `deadlines`. */
  ask(deadlines: readonly (MonoMs | undefined)[]): void {
    const { now, out } = this.#core;
    // Overdue: what it was for is done when it comes, and how late that is says how well we are.
    if (this.#at !== undefined && this.#at < now.mono) return;
    const known = deadlines.filter((deadline) => deadline !== undefined);
    const next = monoMs(Math.max(now.mono, Math.min(...known)));
    if (next === this.#at) return;
    this.#at = next;
    out.emit({ kind: 'wake', at: next });
  }
}
