export { MAX_KEY_FILE_BYTES, readKeyFile, writeKeyFile, type LoadedKey } from './key-file.ts';
export {
  findPassphrase,
  makePassphrase,
  MAX_PASSPHRASE_BYTES,
  PASSPHRASE_CREDENTIAL,
  PASSPHRASE_VARIABLE,
  NEW_PASSPHRASE_CREDENTIAL,
  NEW_PASSPHRASE_VARIABLE,
  PIN_CREDENTIAL,
  PIN_VARIABLE,
  requireNewPassphrase,
  requirePassphrase,
  requirePin,
  type Passphrase,
  type PassphrasePrompt,
  type PassphraseSources,
} from './passphrase.ts';
export { encryptPkcs8, PBKDF2_ITERATIONS } from './pbes2.ts';
export { terminalPrompt, type PromptInput, type PromptOutput } from './terminal-prompt.ts';
export { makePkcs12, MAX_PKCS12_PASSPHRASE, PKCS12_ITERATIONS, type Pkcs12Content } from './pkcs12.ts';
