import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../io/files/index.ts';
import { compareBytes, fault, LsError, utf8 } from '../../std/index.ts';

/** What belongs to a process or a moment, not to the CA. */
const PASSING = new Set(['lock', 'lock.pid', 'lock-journal', 'control.path', 'lost+found']);
const PASSING_NAME = /^\.lifesign-new-|\.new$/;
/** The store goes into a backup as a snapshot, and its log with it. */
const STORE_FILE = /^store\.sqlite(?:-wal|-shm|-journal)?$/;
const READ_BYTES = 65_536;
const MAX_DEPTH = 16;

/**
 * Paths below a CA home, with `/`, of all that makes the CA beside its store, in bytewise order: every regular file but
 * locks and unfinished ones. Throws LS_BACKUP_FILE rather than leave out what it can't keep.
 */
export async function caHomeFiles(home: string): Promise<readonly string[]> {
  const found: string[] = [];
  await collect(home, '', found, 0);
  return found.sort((a, b) => compareBytes(utf8(a), utf8(b)));
}

async function collect(home: string, folder: string, found: string[], depth: number): Promise<void> {
  if (depth > MAX_DEPTH) throw new LsError(fault('LS_BACKUP_FILE', `${folder} is nested too deeply`));
  const entries = await readdir(join(home, folder), { withFileTypes: true }).catch((cause: unknown) => {
    throw fileError(cause, 'read', join(home, folder));
  });
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (PASSING_NAME.test(entry.name) || (depth === 0 && isPassing(entry.name))) continue;
    if (entry.isDirectory()) await collect(home, path, found, depth + 1);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isLinkToFile(home, path)))) found.push(path);
  }
}

function isPassing(name: string): boolean {
  return PASSING.has(name) || STORE_FILE.test(name);
}

/** A key may be a link to where secrets are mounted; a folder elsewhere is not part of the home. */
async function isLinkToFile(home: string, path: string): Promise<boolean> {
  const target = await stat(join(home, path)).catch(() => undefined);
  if (target?.isFile() === true) return true;
  throw new LsError(fault('LS_BACKUP_FILE', `${join(home, path)} is a link to something that is not a file`));
}

export interface OpenedFile {
  readonly size: number;
  readonly mode: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Opens a file for `work` alone: the size is that of the very file that is read. Throws LS_FILE_*. */
export async function withFile<T>(path: string, work: (file: OpenedFile) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw fileError(cause, 'read', path);
  });
  try {
    const { size, mode } = await handle.stat();
    return await work({ size, mode, content: pieces(handle, path) });
  } finally {
    await handle.close();
  }
}

async function* pieces(handle: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    throw fileError(cause, 'read', path);
  }
}
