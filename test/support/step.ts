import { ok, type Fault, type Result } from '../../src/std/index.ts';

/** One step of a store transaction as its whole work. */
export async function step<T>(promise: Promise<T>): Promise<Result<T, Fault>> {
  return ok(await promise);
}
