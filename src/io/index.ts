export { KEY_CACHE_MAX_KEYS } from './crypto/key-cache.ts';
export { nodeCrypto } from './crypto/node-crypto.ts';
export {
  generateKey,
  privateKeyFromPkcs8,
  signerFromKeyObject,
  signerFromPkcs8,
  type GeneratedKey,
} from './crypto/signer.ts';
export { systemClock, systemRandom } from './system.ts';
