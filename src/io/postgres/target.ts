import { fault, LsError } from '../../std/index.ts';

/** Where a PostgreSQL store is. The password is not part of it, so that this can be shown. */
export interface PostgresTarget {
  /** A host name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Null where nothing leaves this machine, or where the URL says so. */
  readonly tls: { readonly rootCertFile: string | null } | null;
  /** For people: the URL without its password. */
  readonly shown: string;
  /** From the URL, or undefined. A function, so that no log and no error shows it by accident. */
  readonly password: () => string | undefined;
}

const PROTOCOLS: readonly string[] = ['postgres:', 'postgresql:'];
const DEFAULT_PORT = 5432;
const MAX_URL_LENGTH = 2_048;
const PARAMETERS: readonly string[] = ['host', 'sslmode', 'sslrootcert'];
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/** Whether a `--store` names a PostgreSQL database. */
export function isPostgresUrl(text: string): boolean {
  return PROTOCOLS.some((protocol) => text.startsWith(`${protocol}//`));
}

/**
 * Reads `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE`. `?host=/DIRECTORY` is a Unix socket. Over a network TLS
 * is on and the server's certificate and name are checked, by `sslrootcert=FILE` where that is given;
 * `sslmode=disable` turns it off.
 *
 * Throws LS_CONFIG_STORE, which never repeats the password.
 */
export function parsePostgresUrl(text: string): PostgresTarget {
  if (text.length > MAX_URL_LENGTH) refuse(`it is longer than ${MAX_URL_LENGTH} characters`);
  const url = URL.parse(text);
  if (url === null || !PROTOCOLS.includes(url.protocol)) {
    return refuse('it is not of the form postgres://USER@HOST:PORT/DATABASE');
  }
  const parameters = parametersOf(url);
  const host = parameters.get('host') ?? bareHost(url.hostname);
  const user = decode(url.username, 'user');
  const database = decode(url.pathname.slice(1), 'database');
  if (host === '') refuse('it names no host');
  if (user === '') refuse('it names no user');
  if (database === '' || database.includes('/')) refuse('it names no database');
  const password = url.password === '' ? undefined : decode(url.password, 'password');
  return {
    host,
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user,
    database,
    tls: tlsOf(host, parameters),
    shown: shownUrl(url),
    password: () => password,
  };
}

/** A store URL as it may be shown; anything that is no such URL is not shown at all. */
export function withoutPassword(text: string): string {
  const url = URL.parse(text);
  return url === null ? 'postgres://…' : shownUrl(url);
}

function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.password = '';
  shown.hash = '';
  return shown.href;
}

function parametersOf(url: URL): ReadonlyMap<string, string> {
  if (url.hash !== '') refuse('it has a #');
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!PARAMETERS.includes(name)) refuse(`it has a parameter that is none of ${PARAMETERS.join(', ')}`);
    if (parameters.has(name) || value === '') refuse(`${name} is there twice, or empty`);
    parameters.set(name, value);
  }
  return parameters;
}

function tlsOf(host: string, parameters: ReadonlyMap<string, string>): PostgresTarget['tls'] {
  const mode = parameters.get('sslmode');
  const rootCertFile = parameters.get('sslrootcert') ?? null;
  const isLocal = host.startsWith('/') || LOOPBACK.test(host);
  switch (mode) {
    case undefined:
      return isLocal && rootCertFile === null ? null : { rootCertFile };
    case 'verify-full':
      return { rootCertFile };
    case 'disable':
      return rootCertFile === null ? null : refuse('sslmode=disable and sslrootcert exclude each other');
    default:
      return refuse('sslmode is neither verify-full nor disable');
  }
}

function bareHost(hostname: string): string {
  return decode(hostname.replace(/^\[(.*)\]$/, '$1'), 'host');
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(`its ${what} is not percent-encoded as it should be`);
  }
}

function refuse(why: string): never {
  throw new LsError(fault('LS_CONFIG_STORE', `the URL of the store is refused: ${why}`));
}
