import { createHash } from 'node:crypto';
import { access, readdir, readFile, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ensurePrivateDir, errnoOf, fileError, HomeLock, syncDirectory } from '../io/files/index.ts';
import { fault, LsError, type FaultCode } from '../std/index.ts';

export interface NewHome {
  readonly home: string;
  /** The file whose presence makes a directory a home: the last to appear. */
  readonly mark: string;
  /** Why a home that is there already is refused. */
  readonly existsCode: FaultCode;
  /** Names what is being built: the same words find the same unfinished work again. */
  readonly purpose: string;
  /** Whether a failure of `build` keeps what there is for the next try with the same purpose. Default: never. */
  readonly keepAfter?: (cause: unknown) => boolean;
  /** A directory that no process will run on: no lock stays in it. */
  readonly unlocked?: boolean;
}

const LOCK_JOURNAL = 'lock-journal';
const LOCK_FILES = ['lock', 'lock.pid', LOCK_JOURNAL];
const TAG_DIGITS = 16;
const MOUNT_POINT_FIELD = 4;
/** What a file system of its own holds when it is empty. */
const OF_FILE_SYSTEM = 'lost+found';
const REFUSED = ['EACCES', 'EPERM', 'EROFS'];

/**
 * Makes a home as a whole: `build` fills a private directory beside it, which then gets the home's name. A failure
 * or kill -9 on the way leaves nothing that looks like a home.
 *
 * Where the parent is not ours to write (a directory made for us by systemd, say) or the home is a mount point (a
 * container's volume), the home itself has to be empty; then it is filled from a directory inside, the mark last.
 *
 * Throws `existsCode` with nothing changed when the home is there, LS_HOME_NOT_EMPTY, LS_HOME_LOCKED when another
 * process builds it now, LS_HOME_UNWRITABLE, LS_DISK_FULL.
 */
export async function buildHome<T>(wanted: NewHome, build: (directory: string) => Promise<T>): Promise<T> {
  const home = resolve(wanted.home);
  await refuseExisting(home, wanted);
  const directory = await workplace(home, wanted.purpose);
  const lock = await lockWorkplace(directory);
  try {
    if (wanted.keepAfter === undefined) await emptyOut(directory);
    const built = await build(directory);
    await syncDirectory(directory);
    await refuseExisting(home, wanted);
    await moveIn(directory, home, wanted);
    if (wanted.unlocked === true) await removeLock(home);
    return built;
  } catch (cause) {
    if (wanted.keepAfter?.(cause) !== true) await rm(directory, { recursive: true, force: true });
    throw cause;
  } finally {
    lock.release();
  }
}

/** Throws when there is something at `home` that may not be touched. */
export async function refuseExisting(
  home: string,
  { mark, existsCode }: Pick<NewHome, 'mark' | 'existsCode'>,
): Promise<void> {
  const entries = await entriesOf(home);
  if (entries.includes(mark))
    throw new LsError(fault(existsCode, `${home} is in use already; it was left as it is`));
  if (entries.some((entry) => !isOurs(entry))) {
    throw new LsError(fault('LS_HOME_NOT_EMPTY', `${home} holds files that are not of a lifesign home`));
  }
}

/** The private directory to build in: beside the home, or inside when nothing beside it can become the home. */
async function workplace(home: string, purpose: string): Promise<string> {
  const tag = createHash('sha256').update(`${purpose}\n${home}`).digest('hex').slice(0, TAG_DIGITS);
  const beside = join(dirname(home), `${PREFIX}${tag}`);
  const inside = join(home, `${PREFIX}${tag}`);
  if (await isMountPoint(home)) {
    await ensurePrivateDir(inside);
    return inside;
  }
  try {
    await ensurePrivateDir(beside);
    return beside;
  } catch (cause) {
    const mayBuildInside = cause instanceof LsError && REFUSED.includes(errnoOf(cause.cause) ?? '');
    if (!mayBuildInside || !(await exists(home))) throw cause;
    await ensurePrivateDir(inside);
    return inside;
  }
}

const PREFIX = '.lifesign-new-';

/** Bind mounts have their parent's device number: those only the kernel's table tells. */
async function isMountPoint(path: string): Promise<boolean> {
  if (!(await exists(path))) return false;
  const [own, parent] = await Promise.all([stat(path), stat(dirname(path))]);
  if (own.dev !== parent.dev) return true;
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const real = await realpath(path);
  return mounts.split('\n').some((line) => unescapeMount(line.split(' ')[MOUNT_POINT_FIELD] ?? '') === real);
}

/** Source: proc_pid_mountinfo(5): blanks and backslashes as three octal digits. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** A failure leaves no empty directory behind; one with unfinished work, or locked by another process, stays. */
async function lockWorkplace(directory: string): Promise<HomeLock> {
  try {
    return HomeLock.acquire(directory);
  } catch (cause) {
    const isLocked = cause instanceof LsError && cause.code === 'LS_HOME_LOCKED';
    const entries = isLocked ? [] : await readdir(directory).catch(() => []);
    if (!isLocked && entries.every((entry) => LOCK_FILES.includes(entry))) {
      await rm(directory, { recursive: true, force: true });
    }
    throw cause;
  }
}

async function moveIn(directory: string, home: string, { mark }: NewHome): Promise<void> {
  try {
    if (dirname(directory) === home) await moveEntries(directory, home, mark);
    else await renameLocked(directory, home);
    await syncDirectory(dirname(home)).catch(() => undefined);
  } catch (cause) {
    throw fileError(cause, 'create', home);
  }
}

/** The lock, which is held, moves along; but what SQLite would tidy up it looks for under the old name. */
async function renameLocked(directory: string, home: string): Promise<void> {
  await rename(directory, home);
  await rm(join(home, LOCK_JOURNAL), { force: true });
}

async function moveEntries(directory: string, home: string, mark: string): Promise<void> {
  const entries = (await readdir(directory)).filter((entry) => entry !== mark && !LOCK_FILES.includes(entry));
  for (const entry of entries) await rename(join(directory, entry), join(home, entry));
  await syncDirectory(home);
  await rename(join(directory, mark), join(home, mark));
  await syncDirectory(home);
  await removeLock(directory);
  await rmdir(directory);
}

async function removeLock(directory: string): Promise<void> {
  for (const file of LOCK_FILES) await rm(join(directory, file), { force: true });
}

async function emptyOut(directory: string): Promise<void> {
  for (const entry of await readdir(directory)) {
    if (!LOCK_FILES.includes(entry)) await rm(join(directory, entry), { recursive: true, force: true });
  }
}

async function entriesOf(home: string): Promise<readonly string[]> {
  try {
    return await readdir(home);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw fileError(cause, 'create', home);
  }
}

function isOurs(entry: string): boolean {
  return entry.startsWith(PREFIX) || entry === OF_FILE_SYSTEM || LOCK_FILES.includes(basename(entry));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
