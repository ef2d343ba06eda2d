import type { Fault } from '../../std/index.ts';

/**
 * Carries a fault from deep inside a DER structure to `readDer`, which turns it into a Result. It never
 * leaves this folder's public functions: a decoder is a straight description of its structure that way.
 */
export class DerRefusal extends Error {
  readonly fault: Fault;

  constructor(reason: Fault) {
    super(reason.detail);
    this.fault = reason;
  }
}
