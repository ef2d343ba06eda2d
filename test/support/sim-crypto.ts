import { keyedHashCrypto, type SimCrypto } from '../../src/sim/index.ts';
import { nodeCrypto } from '../../src/io/crypto/index.ts';
import { testCrypto, testKey } from './crypto.ts';

/** Keyed hashes in place of signatures, see the simulator. */
export function hashedCrypto(seed = 1): SimCrypto {
  return keyedHashCrypto(nodeCrypto, seed);
}

/** Real ES256. */
export function realCrypto(): SimCrypto {
  return { port: testCrypto, newKey: () => testKey('ES256') };
}
