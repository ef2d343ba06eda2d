import { createPrivateKey, type KeyObject } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { decodePem, encodePem, type PemBlock } from '../../codec/index.ts';
import { fault, fromUtf8, LsError, type Signer } from '../../std/index.ts';
import { privateKeyFromPkcs8, signerFromKeyObject } from '../crypto/signer.ts';
import { writeFileDurably } from '../files/durable-file.ts';
import { fileError } from '../files/file-fault.ts';
import { readHandleCapped } from '../files/read-file.ts';
import type { Passphrase } from './passphrase.ts';
import { decryptPkcs8, encryptPkcs8 } from './pbes2.ts';

/** A key file is never longer: a P-384 key encrypted takes about 500 bytes. */
export const MAX_KEY_FILE_BYTES = 16_384;

const PLAIN_LABEL = 'PRIVATE KEY';
const ENCRYPTED_LABEL = 'ENCRYPTED PRIVATE KEY';
const PRIVATE_FILE = 0o600;
const OTHERS = 0o077;

/** A private key read from a file, in the forms its users take. Secret. */
export interface LoadedKey {
  readonly signer: Signer;
  readonly key: KeyObject;
  /** Whether the file needed the passphrase. */
  readonly encrypted: boolean;
}

/**
 * Writes a DER PrivateKeyInfo as PEM, 0600 and durably: encrypted when a passphrase is given, else plain.
 * Throws as writeFileDurably does.
 */
export async function writeKeyFile(path: string, pkcs8: Uint8Array, passphrase?: Passphrase): Promise<void> {
  const pem =
    passphrase === undefined
      ? encodePem(PLAIN_LABEL, pkcs8)
      : encodePem(ENCRYPTED_LABEL, await encryptPkcs8(pkcs8, passphrase));
  await writeFileDurably(path, pem, { mode: PRIVATE_FILE });
}

/**
 * Reads a PEM file with exactly one PKCS#8 key, encrypted or not (a passphrase that is not needed is ignored).
 * Throws LS_KEY_PERMISSIONS when group or others have any access to the file, LS_KEY_NO_PASSPHRASE,
 * LS_KEY_PASSPHRASE (wrong, or the file is damaged), LS_KEY_FORMAT, LS_FILE_NOT_FOUND and LS_FILE_UNREADABLE.
 */
export async function readKeyFile(path: string, passphrase?: Passphrase): Promise<LoadedKey> {
  const block = keyBlock(await readPrivateFile(path), path);
  const encrypted = block.label === ENCRYPTED_LABEL;
  const key = encrypted ? await decrypt(block.der, passphrase, path) : privateKeyFromPkcs8(block.der);
  return { signer: signerFromKeyObject(key), key, encrypted };
}

async function readPrivateFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      await refuseShared(file, path);
      return await readHandleCapped(file, path, MAX_KEY_FILE_BYTES);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw fileError(cause, 'read', path);
  }
}

async function refuseShared(file: FileHandle, path: string): Promise<void> {
  const { mode } = await file.stat();
  if ((mode & OTHERS) === 0) return;
  const bits = (mode & 0o777).toString(8).padStart(4, '0');
  throw new LsError(fault('LS_KEY_PERMISSIONS', `the private key ${path} is open to others (mode ${bits})`));
}

function keyBlock(bytes: Uint8Array, path: string): PemBlock {
  const blocks = decodePem(fromUtf8(bytes) ?? '');
  const [block, ...others] = blocks.ok ? blocks.value : [];
  if (block !== undefined && others.length === 0 && [PLAIN_LABEL, ENCRYPTED_LABEL].includes(block.label)) {
    return block;
  }
  const found =
    block === undefined ? 'no PEM block' : `"${block.label}"${others.length > 0 ? ' and more' : ''}`;
  throw new LsError(fault('LS_KEY_FORMAT', `${path} holds ${found} where one private key belongs`));
}

/** Ours on another thread; a file that was encrypted in another way is left to OpenSSL, which keeps this one waiting. */
async function decrypt(
  der: Uint8Array,
  passphrase: Passphrase | undefined,
  path: string,
): Promise<KeyObject> {
  if (passphrase === undefined) {
    throw new LsError(fault('LS_KEY_NO_PASSPHRASE', `the private key ${path} is encrypted`));
  }
  const pkcs8 = await decryptPkcs8(der, passphrase);
  const key = pkcs8 === undefined ? undefined : keyIn(pkcs8);
  if (key !== undefined) return key;
  const options = { format: 'der', type: 'pkcs8', passphrase: Buffer.from(passphrase) } as const;
  try {
    return createPrivateKey({ key: Buffer.from(der), ...options });
  } catch (cause) {
    const detail = `the passphrase does not open ${path} (or the file is damaged)`;
    throw new LsError(fault('LS_KEY_PASSPHRASE', detail), { cause });
  }
}

/** A wrong passphrase leaves a padding that looks right once in 256 times, and then no key. */
function keyIn(pkcs8: Uint8Array): KeyObject | undefined {
  try {
    return privateKeyFromPkcs8(pkcs8);
  } catch {
    return undefined;
  }
}
