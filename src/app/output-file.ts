import { writeFileDurably } from '../io/index.ts';

const PUBLIC_FILE = 0o644;

/** Writes what a command was asked to write, replacing the file as a whole. Throws LS_HOME_UNWRITABLE, LS_DISK_FULL. */
export async function writeOutput(path: string, content: Uint8Array | string): Promise<void> {
  await writeFileDurably(path, content, { mode: PUBLIC_FILE });
}
