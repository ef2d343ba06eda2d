/** Which promise of DESIGN section 1 did not hold. */
export type Promised =
  | 'P1-no-impostor'
  | 'P2-no-zombie'
  | 'P3-no-false-death'
  | 'P4-the-dead-are-found'
  | 'P6-fail-closed'
  | 'views-converge';

/** A promise was broken in a simulated world. The seed and the commit are enough to see it again. */
export class InvariantViolation extends Error {
  readonly promise: Promised;
  readonly seed: number;
  /** Milliseconds since the world began. */
  readonly at: number;
  /** The node that holds the wrong belief. */
  readonly node: string;

  constructor(fields: {
    readonly promise: Promised;
    readonly seed: number;
    readonly at: number;
    readonly node: string;
    readonly detail: string;
    readonly history: readonly string[];
  }) {
    const { promise, seed, at, node, detail, history } = fields;
    const place = `seed ${seed}, ${(at / 1_000).toFixed(3)} s, ${node}`;
    super([`${promise}: ${detail} (${place})`, ...history].join('\n  '));
    this.name = 'InvariantViolation';
    this.promise = promise;
    this.seed = seed;
    this.at = at;
    this.node = node;
  }
}
