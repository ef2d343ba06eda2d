export {
  ADDON_PACKAGE,
  ADDON_VARIABLE,
  cryptokiLoader,
  type Cryptoki,
  type LoadCryptoki,
} from './cryptoki.ts';
export { RECONNECT_PAUSE_MS, Token, type TokenOptions } from './token.ts';
export { destroyTokenKey, generateTokenKey, openTokenKey, type TokenKey } from './token-keys.ts';
export {
  formatKeyUri,
  MAX_URI_CHARACTERS,
  parseKeyUri,
  parseTokenUri,
  type KeyAddress,
  type TokenAddress,
} from './uri.ts';
