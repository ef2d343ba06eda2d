import type { Ending } from './process.ts';

/** The error that a command run with --json ended with: its code, and that of what is behind it. */
export function faultLine({ stderr }: Ending): {
  readonly code: string;
  readonly because: string | undefined;
} {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  const { error } = JSON.parse(line) as { error: { code: string; because?: { code: string } } };
  return { code: error.code, because: error.because?.code };
}
