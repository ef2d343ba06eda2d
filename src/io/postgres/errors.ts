import { fault, type Fault } from '../../std/index.ts';

/** What a PostgreSQL server answers with, so far as it matters here. */
interface ServerError extends Error {
  /** SQLSTATE: five characters. */
  readonly code: string;
}

type StoreCode =
  | 'LS_CA_STORE_BUSY'
  | 'LS_CA_STORE_CORRUPT'
  | 'LS_CA_STORE_FULL'
  | 'LS_CA_STORE_IO'
  | 'LS_CA_STORE_READ_ONLY'
  | 'LS_CA_STORE_REFUSED'
  | 'LS_CA_STORE_SCHEMA'
  | 'LS_CA_STORE_UNREACHABLE';

/** Longest prefix first. Source: PostgreSQL documentation, appendix A, "Error Codes". */
const BY_SQLSTATE: readonly (readonly [string, StoreCode])[] = [
  ['25006', 'LS_CA_STORE_READ_ONLY'],
  ['25P03', 'LS_CA_STORE_UNREACHABLE'],
  ['25P04', 'LS_CA_STORE_UNREACHABLE'],
  ['3D000', 'LS_CA_STORE_REFUSED'],
  ['40001', 'LS_CA_STORE_BUSY'],
  ['40P01', 'LS_CA_STORE_BUSY'],
  ['42501', 'LS_CA_STORE_REFUSED'],
  ['42703', 'LS_CA_STORE_SCHEMA'],
  ['42P01', 'LS_CA_STORE_SCHEMA'],
  ['53100', 'LS_CA_STORE_FULL'],
  ['55P03', 'LS_CA_STORE_BUSY'],
  ['57014', 'LS_CA_STORE_BUSY'],
  ['XX001', 'LS_CA_STORE_CORRUPT'],
  ['XX002', 'LS_CA_STORE_CORRUPT'],
  ['08', 'LS_CA_STORE_UNREACHABLE'],
  ['28', 'LS_CA_STORE_REFUSED'],
  ['53', 'LS_CA_STORE_BUSY'],
  ['57', 'LS_CA_STORE_UNREACHABLE'],
  ['58', 'LS_CA_STORE_IO'],
  ['XX', 'LS_CA_STORE_IO'],
];
const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * The store's fault for what `pg` threw; undefined for what a statement of ours did wrong (a broken constraint, say),
 * which is a bug. What the server has not said, the connection has: it failed.
 */
export function postgresFaultOf(thrown: unknown): Fault | undefined {
  if (!isServerError(thrown)) {
    const why = thrown instanceof Error ? reasonOf(thrown) : 'the connection failed';
    return fault('LS_CA_STORE_UNREACHABLE', `the CA store does not answer: ${why}`);
  }
  const found = BY_SQLSTATE.find(([prefix]) => thrown.code.startsWith(prefix));
  return found === undefined
    ? undefined
    : fault(found[1], `the CA store answered: ${thrown.message} (${thrown.code})`);
}

/** After these the connection is of no more use, and another one may well be. */
export function isConnectionOver(reason: Fault): boolean {
  return reason.code === 'LS_CA_STORE_UNREACHABLE' || reason.code === 'LS_CA_STORE_READ_ONLY';
}

/** A host with several addresses fails once for each. */
function reasonOf(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message;
  return error.errors.map((each) => (each instanceof Error ? each.message : 'unknown')).join('; ');
}

function isServerError(thrown: unknown): thrown is ServerError {
  return (
    thrown instanceof Error &&
    'severity' in thrown &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    SQLSTATE.test(thrown.code)
  );
}
