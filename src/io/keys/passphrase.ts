import { join } from 'node:path';
import { equalBytes, fault, fromUtf8, LsError, utf8, type Brand } from '../../std/index.ts';
import { readFileCapped } from '../files/read-file.ts';

/** The bytes that unlock a key: 1 to 1,024, no line break. Secret. */
export type Passphrase = Brand<Uint8Array, 'Passphrase'>;

/** OpenSSL reads no longer one. */
export const MAX_PASSPHRASE_BYTES = 1_024;
export const PASSPHRASE_VARIABLE = 'LIFESIGN_PASSPHRASE';
export const PASSPHRASE_CREDENTIAL = 'lifesign-passphrase';
export const NEW_PASSPHRASE_VARIABLE = 'LIFESIGN_NEW_PASSPHRASE';
export const NEW_PASSPHRASE_CREDENTIAL = 'lifesign-new-passphrase';
export const PIN_VARIABLE = 'LIFESIGN_PIN';
export const PIN_CREDENTIAL = 'lifesign-pin';

/** What a secret is called where it is looked for. */
interface SecretNames {
  readonly word: string;
  readonly variable: string;
  readonly credential: string;
}

const PASSPHRASE: SecretNames = {
  word: 'passphrase',
  variable: PASSPHRASE_VARIABLE,
  credential: PASSPHRASE_CREDENTIAL,
};
const NEW_PASSPHRASE: SecretNames = {
  word: 'passphrase',
  variable: NEW_PASSPHRASE_VARIABLE,
  credential: NEW_PASSPHRASE_CREDENTIAL,
};
const PIN: SecretNames = { word: 'PIN', variable: PIN_VARIABLE, credential: PIN_CREDENTIAL };

/** A terminal that asks a person without showing the answer. */
export interface PassphrasePrompt {
  ask(question: string): Promise<Uint8Array>;
}

/** Where a passphrase may come from. The first that is there is used, in the order of the fields. */
export interface PassphraseSources {
  /** A file whose first line it is, as for openssl's `-passin file:`; '-' is not special. */
  readonly file?: string | undefined;
  /** Looked at for LIFESIGN_PASSPHRASE, then for $CREDENTIALS_DIRECTORY/lifesign-passphrase (systemd). */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Present only when a person is there to ask. */
  readonly prompt?: PassphrasePrompt | undefined;
}

/**
 * The passphrase for `what` (as in "the CA keys of ca/state"); undefined when no source has one.
 * When it is for a new key (`isNew`), a person is asked twice.
 * Throws LS_KEY_PASSPHRASE for one that is empty, too long, or mistyped the second time, and the file's error.
 */
export async function findPassphrase(
  sources: PassphraseSources,
  what: string,
  isNew = false,
): Promise<Passphrase | undefined> {
  return findSecret(PASSPHRASE, sources, what, isNew);
}

async function findSecret(
  names: SecretNames,
  sources: PassphraseSources,
  what: string,
  isNew: boolean,
): Promise<Passphrase | undefined> {
  if (sources.file !== undefined) return passphraseOfFile(sources.file);
  const variable = sources.env[names.variable];
  if (variable !== undefined) return makePassphrase(utf8(variable), names.variable);
  const credential = await systemdCredential(sources.env, names);
  if (credential !== undefined) return credential;
  return sources.prompt === undefined ? undefined : askPassphrase(sources.prompt, names, what, isNew);
}

/** {@link findPassphrase} where there must be one: throws LS_KEY_NO_PASSPHRASE when no source has it. */
export async function requirePassphrase(
  sources: PassphraseSources,
  what: string,
  isNew = false,
): Promise<Passphrase> {
  const passphrase = await findPassphrase(sources, what, isNew);
  if (passphrase !== undefined) return passphrase;
  throw new LsError(fault('LS_KEY_NO_PASSPHRASE', `no passphrase for ${what}`));
}

/**
 * The passphrase that is to take the place of another one: LIFESIGN_NEW_PASSPHRASE and the credential
 * lifesign-new-passphrase instead of those of the old one; a person is asked twice. Throws as requirePassphrase.
 */
export async function requireNewPassphrase(sources: PassphraseSources, what: string): Promise<Passphrase> {
  const passphrase = await findSecret(NEW_PASSPHRASE, sources, what, true);
  if (passphrase !== undefined) return passphrase;
  throw new LsError(fault('LS_KEY_NO_PASSPHRASE', `no new passphrase for ${what}`));
}

/**
 * The PIN of a token, from the places where a passphrase may come from: the file is the URI's pin-source, the others
 * are LIFESIGN_PIN, $CREDENTIALS_DIRECTORY/lifesign-pin and the terminal. Throws LS_KEY_NO_PIN, and as findPassphrase.
 */
export async function requirePin(sources: PassphraseSources, what: string): Promise<string> {
  const pin = await findSecret(PIN, sources, what, false);
  if (pin === undefined) throw new LsError(fault('LS_KEY_NO_PIN', `no PIN for ${what}`));
  const text = fromUtf8(pin);
  if (text !== undefined) return text;
  throw new LsError(fault('LS_KEY_PIN', `the PIN for ${what} is no UTF-8 text`));
}

/** Throws LS_KEY_PASSPHRASE, naming the source, for what cannot be one. */
export function makePassphrase(bytes: Uint8Array, source: string): Passphrase {
  const problem =
    bytes.length === 0
      ? 'is empty'
      : bytes.length > MAX_PASSPHRASE_BYTES
        ? `is longer than ${String(MAX_PASSPHRASE_BYTES)} bytes`
        : undefined;
  if (problem === undefined) return bytes as Passphrase;
  throw new LsError(fault('LS_KEY_PASSPHRASE', `the passphrase from ${source} ${problem}`));
}

async function passphraseOfFile(path: string): Promise<Passphrase> {
  const text = await readFileCapped(path, 2 * MAX_PASSPHRASE_BYTES);
  return makePassphrase(firstLine(text), path);
}

function firstLine(bytes: Uint8Array): Uint8Array {
  const lineFeed = bytes.indexOf(0x0a);
  const line = lineFeed === -1 ? bytes : bytes.subarray(0, lineFeed);
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}

async function systemdCredential(
  env: PassphraseSources['env'],
  { credential }: SecretNames,
): Promise<Passphrase | undefined> {
  const directory = env['CREDENTIALS_DIRECTORY'];
  if (directory === undefined) return undefined;
  try {
    return await passphraseOfFile(join(directory, credential));
  } catch (error) {
    // A unit may have credentials for other purposes and none for this one.
    if (error instanceof LsError && error.code === 'LS_FILE_NOT_FOUND') return undefined;
    throw error;
  }
}

async function askPassphrase(
  prompt: PassphrasePrompt,
  { word }: SecretNames,
  what: string,
  isNew: boolean,
): Promise<Passphrase> {
  const question = isNew
    ? `New ${word} for ${what}: `
    : `${word.replace(/^./, (first) => first.toUpperCase())} for ${what}: `;
  const passphrase = makePassphrase(await prompt.ask(question), 'the terminal');
  if (isNew && !equalBytes(passphrase, await prompt.ask('The same again: '))) {
    throw new LsError(fault('LS_KEY_PASSPHRASE', 'the two passphrases differ'));
  }
  return passphrase;
}
