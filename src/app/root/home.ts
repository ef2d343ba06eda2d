import { join, resolve } from 'node:path';

/** Paths of the files of an offline root's home. Together they are all that the root knows. */
export interface RootHome {
  readonly home: string;
  /** root.yaml: for which trust domain it is. */
  readonly config: string;
  readonly keysDir: string;
  /** Encrypted PKCS#8, 0600. */
  readonly key: string;
  readonly cert: string;
  /** The newest CRL, DER: what was revoked, and the last number that was used. */
  readonly crl: string;
  /** SERIAL.pem of every certificate that was signed here. */
  readonly issuedDir: string;
}

export const ROOT_MARK = 'root.yaml';

export function rootHome(home: string): RootHome {
  const at = (...names: readonly string[]): string => join(resolve(home), ...names);
  return {
    home: resolve(home),
    config: at(ROOT_MARK),
    keysDir: at('keys'),
    key: at('keys', 'root.key.pem'),
    cert: at('root.pem'),
    crl: at('root.crl'),
    issuedDir: at('issued'),
  };
}
