import { rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { keyIdOf, type KeyEvent } from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { errnoOf, fileError, syncDirectory } from '../../io/files/index.ts';
import {
  readKeyFile,
  requireNewPassphrase,
  requirePassphrase,
  writeKeyFile,
  type Passphrase,
  type PassphraseSources,
} from '../../io/keys/index.ts';
import { err, fault, LsError, type UnixMs } from '../../std/index.ts';
import { hasEnded } from '../../authority/index.ts';
import { listKeys } from './key-list.ts';
import { generationOfRootKey, type CaKeyName } from './key-names.ts';
import { CaKeys, keySecrets, NEXT, type KeyPlace } from './key-store.ts';
import { openCa, type OpenCa } from './open.ts';

export interface DestroyKeyRequest {
  readonly home: string;
  /** As `pki key list` shows it. */
  readonly keyId: string;
  /** A file with the same key, to be looked at first; null where the operator does without. */
  readonly copy: string | null;
  readonly passphrase: PassphraseSources;
  readonly now: () => UnixMs;
}

export interface DestroyedKey {
  readonly name: CaKeyName;
  readonly id: string;
  /** Where it was; null when it was not in this home any more. */
  readonly place: KeyPlace | null;
  readonly copy: string | null;
}

/**
 * Takes a key that the CA does without out of this home for good, and records it: the root's, or that of an issuing CA
 * that is retired or revoked.
 * Throws LS_KEY_NOT_FOUND, LS_KEY_IN_USE, LS_KEY_COPY with nothing changed, LS_KEY_UNRECORDED, and as openCa.
 */
export async function destroyKey(request: DestroyKeyRequest): Promise<DestroyedKey> {
  const { home, keyId, passphrase, now } = request;
  const name = await destroyable(home, keyId);
  const ca = await openCa(home, undefined);
  const keys = new CaKeys(ca.home, ca.config.keyStore, keySecrets(ca.home.home, passphrase, passphrase));
  try {
    const copy = request.copy === null ? null : resolve(request.copy);
    if (copy !== null) await checkCopy(copy, keys.fileOf(name), keyId, passphrase);
    const place = (await keys.placeOf(name)) ?? null;
    const act = async (): Promise<void> => {
      await keys.destroy(name);
    };
    await record(ca, [{ word: 'key-destroyed', name, keyId }], act, now());
    return { name, id: keyId, place, copy };
  } finally {
    keys.close();
    await ca.close();
  }
}

async function destroyable(home: string, keyId: string): Promise<CaKeyName> {
  const found = (await listKeys(home)).keys.find(({ id }) => id === keyId);
  if (found === undefined) throw new LsError(fault('LS_KEY_NOT_FOUND', `this CA has no key ${keyId}`));
  const { name, state } = found;
  if (generationOfRootKey(name) !== undefined || (state !== null && hasEnded({ state }))) return name;
  const why = state === null || state === 'active' ? '' : `, which is ${state} and still signs`;
  throw new LsError(fault('LS_KEY_IN_USE', `${keyId} is the ${name} key of this CA${why}`));
}

/** Throws LS_KEY_COPY unless `copy` is another file that holds the key. */
async function checkCopy(
  copy: string,
  original: string,
  keyId: string,
  sources: PassphraseSources,
): Promise<void> {
  const [a, b] = await Promise.all([copy, original].map((path) => stat(path).catch(() => undefined)));
  if (a !== undefined && a.ino === b?.ino && a.dev === b.dev)
    throw new LsError(fault('LS_KEY_COPY', `${copy} is the very file that is to be destroyed`));
  const { signer } = await readKeyFile(copy, await requirePassphrase(sources, copy));
  if (keyIdOf(signer.spki, nodeCrypto) === keyId) return;
  throw new LsError(fault('LS_KEY_COPY', `${copy} holds another key`));
}

export interface NewPassphraseRequest {
  readonly home: string;
  /** The one that opens the keys now. */
  readonly passphrase: PassphraseSources;
  readonly newPassphrase: PassphraseSources;
  readonly now: () => UnixMs;
}

export interface ReencryptedKeys {
  readonly home: string;
  readonly keys: readonly { readonly name: CaKeyName; readonly id: string }[];
}

/**
 * Puts the key files of a home under another passphrase, and records it. A file that the new one opens already is
 * taken along, so that a change which was interrupted between two files can be made once more.
 * Throws LS_KEY_PASSPHRASE and LS_DISK_FULL with nothing changed, LS_KEY_UNRECORDED, and as openCa.
 */
export async function changePassphrase(request: NewPassphraseRequest): Promise<ReencryptedKeys> {
  const { home, passphrase, newPassphrase, now } = request;
  const ca = await openCa(home, undefined);
  const keys = new CaKeys(ca.home, ca.config.keyStore, keySecrets(ca.home.home, passphrase, passphrase));
  const files: PreparedFile[] = [];
  try {
    const what = `the CA keys of ${ca.home.home}`;
    const before = await requirePassphrase(passphrase, what);
    const after = await requireNewPassphrase(newPassphrase, what);
    for (const name of await keys.names()) {
      if ((await keys.placeOf(name)) === 'file')
        files.push(await prepare(name, keys.fileOf(name), before, after));
    }
    const events = files.map(({ name, id }) => ({ word: 'key-reencrypted', name, keyId: id }) as const);
    await record(ca, events, () => moveIn(files, ca.home.keysDir), now());
    return { home: ca.home.home, keys: files.map(({ name, id }) => ({ name, id })) };
  } finally {
    for (const { next } of files) await rm(next, { force: true });
    await ca.close();
  }
}

interface PreparedFile {
  readonly name: CaKeyName;
  readonly id: string;
  readonly file: string;
  /** The same key under the new passphrase, which is to take the file's place. */
  readonly next: string;
}

async function prepare(
  name: CaKeyName,
  file: string,
  before: Passphrase,
  after: Passphrase,
): Promise<PreparedFile> {
  const { signer, key } = await readKeyFile(file, before).catch(async (cause: unknown) => {
    if (!(cause instanceof LsError) || cause.code !== 'LS_KEY_PASSPHRASE') throw cause;
    return readKeyFile(file, after).catch(() => {
      throw cause;
    });
  });
  const next = `${file}${NEXT}`;
  await writeKeyFile(next, new Uint8Array(key.export({ format: 'der', type: 'pkcs8' })), after);
  return { name, id: keyIdOf(signer.spki, nodeCrypto), file, next };
}

/** Each file is whole at any moment, under one passphrase or the other. A transaction may do this more than once. */
async function moveIn(files: readonly PreparedFile[], directory: string): Promise<void> {
  for (const { file, next } of files) {
    await rename(next, file).catch((cause: unknown) => {
      if (errnoOf(cause) !== 'ENOENT') throw fileError(cause, 'write', file);
    });
  }
  await syncDirectory(directory);
}

/** Files cannot be taken back as the row can that tells of them: a failure after they were touched has a name of its own. */
async function record(
  { authority }: OpenCa,
  events: readonly KeyEvent[],
  act: () => Promise<void>,
  now: UnixMs,
): Promise<void> {
  const acting = { begun: false };
  const begin = (): Promise<void> => {
    acting.begun = true;
    return act();
  };
  const recorded = await authority.recordKeys(events, begin, now).catch((cause: unknown) => {
    if (cause instanceof LsError) return err(cause.fault);
    throw cause;
  });
  if (recorded.ok) return;
  if (!acting.begun) throw new LsError(recorded.error);
  const keys = events.map(({ name }) => name).join(', ');
  const detail = `${keys}: changed in the home, or half so, and not in the ledger (${recorded.error.code}: ${recorded.error.detail})`;
  throw new LsError(fault('LS_KEY_UNRECORDED', detail, recorded.error));
}
