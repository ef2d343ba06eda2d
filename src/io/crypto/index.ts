export { KEY_CACHE_MAX_KEYS } from './key-cache.ts';
export { nodeCrypto } from './node-crypto.ts';
export {
  generateKey,
  privateKeyFromPkcs8,
  signerFromKeyObject,
  signerFromPkcs8,
  type GeneratedKey,
} from './signer.ts';
