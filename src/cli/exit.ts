/** How a command can end, besides by a fault (whose code says its exit). See docs/CLI.md. */
export type Answer = 0 | 1 | 2;

const EXIT_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;
export type InterruptSignal = keyof typeof EXIT_OF_SIGNAL;

export function exitOfSignal(signal: InterruptSignal): number {
  return EXIT_OF_SIGNAL[signal];
}

/** The one place where the process ends. Requires: everything written to stdout and stderr has been flushed. */
export function endProcess(code: number): never {
  process.exit(code);
}
