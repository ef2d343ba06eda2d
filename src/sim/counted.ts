import type { Signer } from '../std/index.ts';
import type { Costs } from './node.ts';

/** The same key, with its uses counted. */
export function counted(signer: Signer, costs: Costs): Signer {
  return {
    algorithm: signer.algorithm,
    spki: signer.spki,
    sign(message) {
      costs.signed += 1;
      return signer.sign(message);
    },
  };
}
