import { fault, LsError } from '../std/index.ts';

/** What was opened, closed in the reverse order; once, however often it is asked. */
export class Closers {
  readonly #closers: (() => unknown)[] = [];
  #closed: Promise<void> | undefined;

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Closes everything, also when one of it fails; rejects with the first failure. */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    let failure: unknown;
    for (const close of this.#closers.toReversed()) {
      try {
        await close();
      } catch (cause) {
        failure ??= cause;
      }
    }
    if (failure === undefined) return;
    throw failure instanceof Error ? failure : new LsError(fault('LS_API_INTERNAL', 'closing failed'));
  }
}
