import { fault, type Fault } from '../../std/index.ts';

/** Primary result codes. Source: https://www.sqlite.org/rescode.html */
const PRIMARY_CODE_MASK = 0xff;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** The store's fault for what node:sqlite threw, or undefined for a misuse, which is a bug of ours. */
export function storeFaultOf(thrown: unknown): Fault | undefined {
  const code = sqliteCodeOf(thrown);
  const detail = thrown instanceof Error ? `the CA store answered: ${thrown.message}` : 'the CA store failed';
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fault('LS_CA_STORE_BUSY', detail);
    case SQLITE_FULL:
      return fault('LS_CA_STORE_FULL', detail);
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return fault('LS_CA_STORE_IO', detail);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fault('LS_CA_STORE_CORRUPT', detail);
    default:
      return undefined;
  }
}

/** After these the file's state is not known: nothing more may be written until it is opened anew. */
export function isFatal(reason: Fault): boolean {
  return reason.code === 'LS_CA_STORE_IO' || reason.code === 'LS_CA_STORE_CORRUPT';
}

function sqliteCodeOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined;
  return typeof thrown.errcode === 'number' ? thrown.errcode & PRIMARY_CODE_MASK : undefined;
}
