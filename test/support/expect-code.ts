import { expect } from 'vitest';
import { LsError, type FaultCode } from '../../src/std/index.ts';

/** The LsError that the action ends with; fails when it succeeds, throws something else, or has another code. */
export async function expectCode(code: FaultCode, action: () => unknown): Promise<LsError> {
  let thrown: unknown;
  try {
    await action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(LsError);
  if (!(thrown instanceof LsError)) throw new Error('unreachable: checked above');
  expect(thrown.code).toBe(code);
  expect(thrown.message).not.toContain('\n');
  return thrown;
}
