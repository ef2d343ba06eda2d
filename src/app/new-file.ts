import { open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, fileError, syncDirectory } from '../io/files/index.ts';
import { fault, LsError, type FaultCode } from '../std/index.ts';

const PRIVATE_FILE = 0o600;

/**
 * Writes a file that is not there yet, 0600 and durably; a link at its place counts as a file. Throws `existsCode`,
 * LS_HOME_UNWRITABLE, LS_DISK_FULL; nothing is left then.
 */
export async function writeNewFile(path: string, bytes: Uint8Array, existsCode: FaultCode): Promise<void> {
  const file = await open(path, 'wx', PRIVATE_FILE).catch((cause: unknown) => {
    if (errnoOf(cause) === 'EEXIST') throw new LsError(fault(existsCode, `${path} is there already`));
    throw fileError(cause, 'create', path);
  });
  try {
    await file.writeFile(bytes);
    await file.sync();
    await syncDirectory(dirname(path));
  } catch (cause) {
    await unlink(path).catch(() => undefined);
    throw fileError(cause, 'write', path);
  } finally {
    await file.close();
  }
}
