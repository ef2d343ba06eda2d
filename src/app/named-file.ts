import { readFileCapped, writeFileDurably } from '../io/files/index.ts';
import { fault, fromUtf8, LsError } from '../std/index.ts';

const PUBLIC_FILE = 0o644;

/** Writes what a command was asked to write, replacing the file as a whole. Throws LS_HOME_UNWRITABLE, LS_DISK_FULL. */
export async function writeOutput(path: string, content: Uint8Array | string): Promise<void> {
  await writeFileDurably(path, content, { mode: PUBLIC_FILE });
}

/** The bytes of a file named on the command line. Throws LS_FILE_NOT_FOUND, LS_FILE_UNREADABLE, LS_FILE_TOO_LARGE. */
export async function readBinaryFile(path: string, maxBytes: number): Promise<Uint8Array> {
  return readFileCapped(path, maxBytes);
}

/** The text of a file named on the command line. Throws LS_FILE_NOT_FOUND, LS_FILE_UNREADABLE, LS_FILE_TOO_LARGE. */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  const text = fromUtf8(await readFileCapped(path, maxBytes));
  if (text === undefined) throw new LsError(fault('LS_FILE_UNREADABLE', `${path} is no UTF-8 text`));
  return text;
}
