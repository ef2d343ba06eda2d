import { fault, LsError, type FaultCode } from '../../std/index.ts';

/** What was being done with a file, as it reads in an error: "cannot write /srv/a/cert.pem". */
export type FileAction = 'read' | 'write' | 'create' | 'lock';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const REFUSED = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EISDIR',
  'ENOENT',
  'ENAMETOOLONG',
  'ELOOP',
  'EEXIST',
]);

/** One stable code and one line for a failed file operation; an LsError passes through unchanged. */
export function fileError(cause: unknown, action: FileAction, path: string): LsError {
  if (cause instanceof LsError) return cause;
  const errno = errnoOf(cause);
  return new LsError(fault(codeOf(errno, action), `cannot ${action} ${path}: ${reasonOf(errno, cause)}`), {
    cause,
  });
}

/** The errno name of a failed system call ('ENOENT', …); undefined for anything else thrown. */
export function errnoOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}

function codeOf(errno: string | undefined, action: FileAction): FaultCode {
  if (errno !== undefined && FULL.has(errno)) return 'LS_DISK_FULL';
  if (errno === undefined || !REFUSED.has(errno)) return 'LS_FILE_IO';
  if (action !== 'read') return 'LS_HOME_UNWRITABLE';
  return errno === 'ENOENT' ? 'LS_FILE_NOT_FOUND' : 'LS_FILE_UNREADABLE';
}

const REASONS: ReadonlyMap<string | undefined, string> = new Map([
  ['ENOSPC', 'no space left on the device'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EFBIG', 'the file size limit is reached'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'operation not permitted'],
  ['EROFS', 'the file system is read-only'],
  ['ENOTDIR', 'a part of the path is not a directory'],
  ['EISDIR', 'it is a directory'],
  ['ENOENT', 'no such file or directory'],
  ['ENAMETOOLONG', 'the path is too long'],
  ['ELOOP', 'too many symbolic links'],
  ['EIO', 'input/output error'],
]);

function reasonOf(errno: string | undefined, cause: unknown): string {
  return REASONS.get(errno) ?? errno ?? (cause instanceof Error ? cause.message : 'unknown error');
}
