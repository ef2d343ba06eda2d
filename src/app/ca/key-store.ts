import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKey } from '../../io/crypto/index.ts';
import { fileError, isThere, syncDirectory, writeFileDurably } from '../../io/files/index.ts';
import {
  readKeyFile,
  requirePassphrase,
  requirePin,
  writeKeyFile,
  type Passphrase,
  type PassphraseSources,
} from '../../io/keys/index.ts';
import type { KeyAddress, Token } from '../../io/pkcs11/index.ts';
import { fault, LsError, type Fault, type SignatureAlgorithm, type Signer } from '../../std/index.ts';
import type { CaHome } from './home.ts';
import { keyNamesIn, type CaKeyName } from './key-names.ts';

/** Encrypted files in the home. */
export const KEY_FILES = 'file';

/** What unlocks keys, each asked for once and only when it is needed. */
export interface KeySecrets {
  /** Of the key files. */
  readonly passphrase: () => Promise<Passphrase>;
  /** Of the token; `file` is the pin-source of its URI. */
  readonly pin: (file: string | undefined, what: string) => Promise<string>;
  readonly env: PassphraseSources['env'];
}

/** The secrets of the keys of `home`. The PIN is asked from `pin`, whose file is not used, since the URI may name one. */
export function keySecrets(
  home: string,
  passphrase: PassphraseSources,
  { env, prompt }: PassphraseSources,
  isNew = false,
): KeySecrets {
  let asked: Promise<Passphrase> | undefined;
  return {
    passphrase: () => (asked ??= requirePassphrase(passphrase, `the CA keys of ${home}`, isNew)),
    pin: (file, what) => requirePin({ file, env, prompt }, what),
    env,
  };
}

export type KeyPlace = 'file' | 'token';

const PRIVATE = { mode: 0o600 };
/** A key file before it takes its place. */
export const NEXT = '.next';
const LEFTOVERS = [NEXT, `${NEXT}.new`, '.new'];

/** Throws LS_CONFIG_KEY_STORE unless it is `file` or the PKCS#11 URI of a token. */
export async function checkKeyStoreChoice(choice: string): Promise<void> {
  if (choice === KEY_FILES) return;
  const { parseTokenUri } = await import('../../io/pkcs11/index.ts');
  const parsed = parseTokenUri(choice);
  if (!parsed.ok) throw new LsError(parsed.error);
}

/**
 * The private keys of a CA, each by its name: an encrypted file `keys/NAME.key.pem`, or a key on the token that
 * `key_store` names, to which the file `keys/NAME.key.uri` points. The token and its library are only touched for
 * a key that is there. Requires: one process at a time per home.
 */
export class CaKeys {
  readonly #home: CaHome;
  readonly #choice: string;
  readonly #secrets: KeySecrets;
  #token: Token | undefined;
  readonly #made: KeyAddress[] = [];
  #watched: Signer | undefined;

  constructor(home: CaHome, choice: string, secrets: KeySecrets) {
    this.#home = home;
    this.#choice = choice;
    this.#secrets = secrets;
  }

  /** Undefined when there is no key of that name. Throws LS_KEY_STORE_AMBIGUOUS when it is in both places. */
  async placeOf(name: CaKeyName): Promise<KeyPlace | undefined> {
    const [file, token] = [await isThere(this.fileOf(name)), await isThere(this.#fileOfUri(name))];
    if (file && token) {
      const detail = `the key ${name} has both a .pem and a .uri in ${this.#home.keysDir}`;
      throw new LsError(fault('LS_KEY_STORE_AMBIGUOUS', detail));
    }
    return file ? 'file' : token ? 'token' : undefined;
  }

  /** Of the keys that are in the home, in order. Throws LS_FILE_*. */
  names(): Promise<readonly CaKeyName[]> {
    return keyNamesIn(this.#home.keysDir);
  }

  /** Asks for the passphrase before anything else, if one of these keys needs it. Throws LS_KEY_NO_PASSPHRASE. */
  async askAhead(names: readonly CaKeyName[]): Promise<void> {
    const places = await Promise.all(names.map((name) => this.placeOf(name)));
    if (this.#choice === KEY_FILES || places.includes('file')) await this.#secrets.passphrase();
  }

  /** Throws LS_KEY_NOT_FOUND, what readKeyFile throws, and LS_KEY_* of the token. */
  async open(name: CaKeyName): Promise<Signer> {
    const place = await this.placeOf(name);
    if (place === undefined) {
      throw new LsError(fault('LS_KEY_NOT_FOUND', `${this.#home.keysDir} has no key ${name}`));
    }
    if (place === 'file')
      return (await readKeyFile(this.fileOf(name), await this.#secrets.passphrase())).signer;
    const address = await this.addressOf(name);
    const { openTokenKey } = await import('../../io/pkcs11/index.ts');
    const signer = openTokenKey(await this.#openToken(), address);
    this.#watched ??= signer;
    return signer;
  }

  /** Makes a key where `key_store` says, durably. Throws LS_KEY_EXISTS, LS_KEY_TOKEN_*, LS_DISK_FULL. */
  async make(
    name: CaKeyName,
    algorithm: SignatureAlgorithm,
    place: KeyPlace = this.makesAt,
  ): Promise<Signer> {
    if ((await this.placeOf(name)) !== undefined)
      throw new LsError(fault('LS_KEY_EXISTS', `${this.#home.keysDir} has a key ${name} already`));
    if (place === 'token') return this.#makeOnToken(name, algorithm);
    const passphrase = await this.#secrets.passphrase();
    const { signer, pkcs8 } = generateKey(algorithm);
    await writeKeyFile(this.fileOf(name), pkcs8, passphrase);
    return signer;
  }

  /** Destroys what {@link make} made on the token: for a home that is not kept after all. */
  async undo(): Promise<void> {
    const { destroyTokenKey } = await import('../../io/pkcs11/index.ts');
    for (const address of this.#made.splice(0)) destroyTokenKey(await this.#openToken(), address);
  }

  /**
   * Destroys the key: on the token, or its file. False when there was none.
   * Throws LS_KEY_* of the token, LS_FILE_IO.
   */
  async destroy(name: CaKeyName): Promise<boolean> {
    const place = await this.placeOf(name);
    if (place === undefined) return false;
    if (place === 'token') {
      const { destroyTokenKey } = await import('../../io/pkcs11/index.ts');
      destroyTokenKey(await this.#openToken(), await this.addressOf(name));
    }
    const path = place === 'token' ? this.#fileOfUri(name) : this.fileOf(name);
    try {
      // Where secrets are mounted, the name in the home is a link.
      await rm(await realpath(path));
      // What a change of the passphrase may have left when it was interrupted is the key as well.
      for (const rest of [path, ...LEFTOVERS.map((ending) => `${path}${ending}`)])
        await rm(rest, { force: true });
      await syncDirectory(this.#home.keysDir);
    } catch (cause) {
      throw fileError(cause, 'write', path);
    }
    return true;
  }

  /** Why the token can't be used, as far as it is known; undefined for keys in files. */
  get fault(): Fault | undefined {
    return this.#token?.fault;
  }

  /** Has the token sign something that is nothing else, if a key on it is open. Answers {@link fault}. */
  check(): Fault | undefined {
    try {
      this.#watched?.sign(KEY_CHECK);
    } catch (cause) {
      if (!(cause instanceof LsError)) throw cause;
    }
    return this.fault;
  }

  get makesAt(): KeyPlace {
    return this.#choice === KEY_FILES ? 'file' : 'token';
  }

  fileOf(name: CaKeyName): string {
    return join(this.#home.keysDir, `${name}.key.pem`);
  }

  /** What names the key on the token. Throws LS_CONFIG_KEY_STORE for a .uri file that is none. */
  async uriOf(name: CaKeyName): Promise<string> {
    const { formatKeyUri } = await import('../../io/pkcs11/index.ts');
    return formatKeyUri(await this.addressOf(name));
  }

  /** Of a key on the token. Throws LS_CONFIG_KEY_STORE for a .uri file that is none. */
  async addressOf(name: CaKeyName): Promise<KeyAddress> {
    const { parseKeyUri } = await import('../../io/pkcs11/index.ts');
    const path = this.#fileOfUri(name);
    const parsed = parseKeyUri((await readFile(path, 'utf8')).trimEnd());
    if (parsed.ok) return parsed.value;
    throw new LsError({ ...parsed.error, detail: `${path}: ${parsed.error.detail}` });
  }

  close(): void {
    this.#token?.close();
    this.#token = undefined;
  }

  async #makeOnToken(name: CaKeyName, algorithm: SignatureAlgorithm): Promise<Signer> {
    const { destroyTokenKey, formatKeyUri, generateTokenKey } = await import('../../io/pkcs11/index.ts');
    const token = await this.#openToken();
    const { object } = await this.#address();
    const { address, signer } = generateTokenKey(token, `${object ?? 'lifesign'} ${name}`, algorithm);
    try {
      await writeFileDurably(this.#fileOfUri(name), `${formatKeyUri(address)}\n`, PRIVATE);
    } catch (cause) {
      destroyTokenKey(token, address);
      throw cause;
    }
    this.#made.push(address);
    return signer;
  }

  async #openToken(): Promise<Token> {
    if (this.#token !== undefined) return this.#token;
    const { cryptokiLoader, Token: TokenOf } = await import('../../io/pkcs11/index.ts');
    const address = await this.#address();
    const load = cryptokiLoader(this.#secrets.env);
    const what = `the token ${address.token ?? address.serial ?? ''}`;
    const pin = await this.#secrets.pin(address.pinSource, what);
    this.#token = new TokenOf({ address, pin, load, monotonicMs });
    return this.#token;
  }

  async #address() {
    if (this.#choice === KEY_FILES) {
      const detail = `a key of ${this.#home.keysDir} is on a token, and key_store does not say which`;
      throw new LsError(fault('LS_CONFIG_KEY_STORE', detail));
    }
    const { parseTokenUri } = await import('../../io/pkcs11/index.ts');
    const parsed = parseTokenUri(this.#choice);
    if (!parsed.ok) throw new LsError(parsed.error);
    return parsed.value;
  }

  #fileOfUri(name: CaKeyName): string {
    return join(this.#home.keysDir, `${name}.key.uri`);
  }
}

/** Begins as no certificate, CRL, OCSP answer (0x30) and no COSE structure (0x84) does. */
const KEY_CHECK = new TextEncoder().encode('lifesign key check: this signature says nothing');

function monotonicMs(): number {
  return performance.now();
}
