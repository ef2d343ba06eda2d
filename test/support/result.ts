import type { Fault, Result } from '../../src/std/index.ts';

/** The value of a Result that must be ok; throws with the code and detail otherwise. */
export function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.error.code}: ${result.error.detail}`);
}

/** The code a Result was refused with; undefined when it was ok. */
export function codeOf(result: Result<unknown, Fault>): string | undefined {
  return result.ok ? undefined : result.error.code;
}

/** Code and detail of a refusal, for tests of what a message must name; empty when it was ok. */
export function refusalOf(result: Result<unknown, Fault>): string {
  return result.ok ? '' : `${result.error.code}: ${result.error.detail}`;
}
