import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fault, LsError } from '../../std/index.ts';
import { syncDirectory } from './durable-file.ts';
import { errnoOf, fileError } from './file-fault.ts';

const PRIVATE_DIRECTORY = 0o700;
const OTHERS_MAY_WRITE = 0o002;
const ROOT_UID = 0;

export interface PrivateDirOptions {
  /** Refuse another user's directory even as root: for places where anyone may have made it before, as in /tmp. */
  readonly ownedBySelf?: boolean;
}

/**
 * Makes the directory, with its parents, for this user only (0700), durably. One that exists is kept as it is,
 * but refused with LS_HOME_PERMISSIONS when everyone may write to it or it belongs to another user, who could swap
 * the files inside (root may use any user's). Throws LS_HOME_UNWRITABLE or LS_DISK_FULL when it cannot be made.
 */
export async function ensurePrivateDir(path: string, options: PrivateDirOptions = {}): Promise<void> {
  try {
    const firstMade = await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
    if (firstMade === undefined) await refuseShared(path, options.ownedBySelf ?? false);
    else await syncNewDirectories(resolve(path), resolve(firstMade));
  } catch (cause) {
    // mkdir says EEXIST when the path is a file.
    if (errnoOf(cause) === 'EEXIST') {
      throw new LsError(fault('LS_HOME_UNWRITABLE', `${path} exists and is not a directory`), { cause });
    }
    throw fileError(cause, 'create', path);
  }
}

async function syncNewDirectories(path: string, firstMade: string): Promise<void> {
  for (let made = path; made.length >= firstMade.length; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === firstMade) return;
  }
}

async function refuseShared(path: string, ownedBySelf: boolean): Promise<void> {
  const { mode, uid } = await stat(path);
  if ((mode & OTHERS_MAY_WRITE) !== 0) {
    throw new LsError(fault('LS_HOME_PERMISSIONS', `everyone may write to ${path}`));
  }
  const self = process.getuid?.();
  if (self === undefined || uid === self) return;
  if (ownedBySelf || self !== ROOT_UID) {
    throw new LsError(
      fault('LS_HOME_PERMISSIONS', `${path} belongs to user ${String(uid)}, not to this one`),
    );
  }
}
