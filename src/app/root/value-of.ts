import { LsError, type Fault, type Result } from '../../std/index.ts';

/** Throws the fault as LsError. */
export function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
