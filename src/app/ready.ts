import { closeSync, writeSync } from 'node:fs';
import { fault, LsError } from '../std/index.ts';

const STANDARD_STREAMS = 3;

/** Writes one line to a descriptor that the parent process waits on, and closes it. */
export function announceReady(descriptor: number): void {
  if (!Number.isInteger(descriptor) || descriptor < STANDARD_STREAMS) {
    throw new LsError(
      fault('LS_CLI_USAGE', `--ready-fd ${descriptor} is no descriptor above standard error`),
    );
  }
  try {
    writeSync(descriptor, 'ready\n');
    closeSync(descriptor);
  } catch (cause) {
    throw new LsError(fault('LS_CLI_USAGE', `--ready-fd ${descriptor} is not open for writing`), { cause });
  }
}
