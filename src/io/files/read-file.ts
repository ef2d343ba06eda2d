import { open, type FileHandle } from 'node:fs/promises';
import { concatBytes, fault, LsError } from '../../std/index.ts';
import { plain } from '../crypto/node-crypto.ts';
import { fileError } from './file-fault.ts';

const READ_CHUNK_BYTES = 65_536;

/**
 * The whole file (a pipe works too), read once.
 * Throws LS_FILE_TOO_LARGE above `maxBytes` without reading more than one chunk past it, LS_FILE_NOT_FOUND or
 * LS_FILE_UNREADABLE.
 */
export async function readFileCapped(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      return await readHandleCapped(file, path, maxBytes);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw fileError(cause, 'read', path);
  }
}

/** {@link readFileCapped} on a file that is open already, so that its permissions were checked on the same file. */
export async function readHandleCapped(
  file: FileHandle,
  path: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_CHUNK_BYTES));
    if (bytesRead === 0) return concatBytes(...parts);
    total += bytesRead;
    if (total > maxBytes) {
      throw new LsError(fault('LS_FILE_TOO_LARGE', `${path} is larger than ${String(maxBytes)} bytes`));
    }
    parts.push(plain(buffer.subarray(0, bytesRead)));
  }
}
