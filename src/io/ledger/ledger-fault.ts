import { fault, LsError } from '../../std/index.ts';
import { errnoOf } from '../files/file-fault.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** True for errors that say no more than that there is no room now. */
export function isDiskFull(cause: unknown): boolean {
  if (cause instanceof LsError) return cause.code === 'LS_LEDGER_DISK_FULL';
  return FULL.has(errnoOf(cause) ?? '');
}

/** LS_LEDGER_DISK_FULL or LS_LEDGER_IO for a failed system call; an LsError passes through unchanged. */
export function ledgerError(cause: unknown, what: string): LsError {
  if (cause instanceof LsError) return cause;
  if (!isDiskFull(cause)) return fatalError(cause, what);
  return new LsError(fault('LS_LEDGER_DISK_FULL', `cannot ${what}: no space left`), { cause });
}

/** LS_LEDGER_IO whatever the errno, for a step after which the state of a file is unknown. */
export function fatalError(cause: unknown, what: string): LsError {
  const errno = errnoOf(cause) ?? (cause instanceof Error ? cause.message : 'unknown error');
  return new LsError(fault('LS_LEDGER_IO', `cannot ${what}: ${errno}`), { cause });
}

export function damaged(file: string, offset: number, reason: string): LsError {
  return new LsError(fault('LS_LEDGER_DAMAGED', `${file} at offset ${String(offset)}: ${reason}`));
}

export function rolledBack(detail: string): LsError {
  return new LsError(fault('LS_LEDGER_ROLLBACK', detail));
}
