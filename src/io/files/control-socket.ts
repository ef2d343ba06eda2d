import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

/** A Unix socket path longer than this may not fit sockaddr_un (108 bytes on Linux, 104 elsewhere). */
export const CONTROL_SOCKET_MAX_BYTES = 100;

const SOCKET_NAME = 'control.sock';
const HOME_TAG_DIGITS = 16;

/** Where the control socket of a home is, and whether that is outside of the home. */
export interface ControlSocketPlace {
  readonly path: string;
  /** The directory of `path`; to be made with ensurePrivateDir. */
  readonly directory: string;
  readonly moved: boolean;
}

/**
 * `<home>/control.sock` where that fits; else a name derived from the home's absolute path in $RUNTIME_DIRECTORY
 * (set by systemd) or in the private directory `/tmp/lifesign-<uid>`. Pure: equal arguments give equal places; a
 * client whose environment differs from the server's must be told the place (the server records it).
 */
export function controlSocketPath(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
): ControlSocketPlace {
  const inHome = join(resolve(home), SOCKET_NAME);
  if (fits(inHome)) return { path: inHome, directory: resolve(home), moved: false };
  const tag = createHash('sha256').update(resolve(home)).digest('hex').slice(0, HOME_TAG_DIGITS);
  // systemd gives several runtime directories as a colon-separated list.
  const runtime = env['RUNTIME_DIRECTORY']?.split(':')[0];
  const inRuntime = runtime === undefined ? undefined : join(runtime, `${tag}.sock`);
  if (runtime?.startsWith('/') === true && inRuntime !== undefined && fits(inRuntime)) {
    return { path: inRuntime, directory: runtime, moved: true };
  }
  const directory = `/tmp/lifesign-${String(uid)}`;
  return { path: join(directory, `${tag}.sock`), directory, moved: true };
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= CONTROL_SOCKET_MAX_BYTES;
}
