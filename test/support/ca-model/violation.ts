/** A promise that was not kept. */
export class Violation extends Error {}

/** Throws a Violation unless the two are the same in JSON. */
export function demandSame(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value ?? 'nothing'));
  if (a !== b) throw new Violation(`${what}: ${a ?? ''}, expected ${b ?? ''}`);
}

export function demand(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Violation(what);
}
