import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, fileError } from './file-fault.ts';

export interface DurableFileOptions {
  /** Permission bits of the file, before the umask; default 0600. */
  readonly mode?: number;
}

const PRIVATE_FILE = 0o600;

/** The last write under way for each path: writers of one path take turns, so they can share one new file. */
const turns = new Map<string, Promise<void>>();

/**
 * Replaces the file as a whole: after a crash at any moment the path holds the old bytes or the new ones.
 * Resolves once the bytes and the directory entry are on the disk. What a crash can leave behind is one file
 * `<path>.new`, which the next write of this path removes.
 *
 * Throws LS_DISK_FULL, LS_HOME_UNWRITABLE or LS_FILE_IO; the old file is untouched then (after LS_FILE_IO from
 * the last step, the fsync of the directory, it is unknown which of the two a crash would leave).
 */
export async function writeFileDurably(
  path: string,
  bytes: Uint8Array | string,
  options: DurableFileOptions = {},
): Promise<void> {
  const before = turns.get(path) ?? Promise.resolve();
  const turn = before.then(() => replaceFile(path, bytes, options.mode ?? PRIVATE_FILE));
  const settled = turn.catch(() => undefined);
  turns.set(path, settled);
  try {
    await turn;
  } catch (cause) {
    throw fileError(cause, 'write', path);
  } finally {
    if (turns.get(path) === settled) turns.delete(path);
  }
}

/** Makes the entries of a directory durable: files created, renamed or removed in it. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function replaceFile(path: string, bytes: Uint8Array | string, mode: number): Promise<void> {
  const fresh = `${path}.new`;
  await unlinkIfThere(fresh);
  // Exclusive creation: never follows a link that someone else put at that name.
  const file = await open(fresh, 'wx', mode);
  try {
    await writeAndSync(file, bytes);
    await rename(fresh, path);
  } catch (cause) {
    await unlinkIfThere(fresh).catch(() => undefined);
    throw cause;
  }
  await syncDirectory(dirname(path));
}

async function writeAndSync(file: FileHandle, bytes: Uint8Array | string): Promise<void> {
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
  }
}
