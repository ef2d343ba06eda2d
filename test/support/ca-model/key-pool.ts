import type { SignatureAlgorithm, Signer } from '../../../src/std/index.ts';
import { fixedKey } from '../fixed-keys.ts';

const pools = new Map<string, Signer[]>();

/** The `index`-th key of a kind: the same in every run, and made once in a process. */
export function poolKey(algorithm: Exclude<SignatureAlgorithm, 'ES384'>, index: number): Signer {
  const pool = pools.get(algorithm) ?? [];
  pools.set(algorithm, pool);
  for (let next = pool.length; next <= index; next++) pool.push(fixedKey(algorithm, `ca model ${next}`));
  const key = pool[index];
  if (key === undefined) throw new RangeError(`no key ${index}`);
  return key;
}
