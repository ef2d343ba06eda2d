import { join, resolve } from 'node:path';

/** Paths of the files of a CA home. */
export interface CaHome {
  readonly home: string;
  /** ca.yaml: see {@link CaConfig}. */
  readonly config: string;
  readonly store: string;
  readonly keysDir: string;
  /** Encrypted PKCS#8, 0600. */
  readonly rootKey: string;
  readonly issuingKey: string;
  /** NAME.yaml replaces the shipped profile of that name; usually not there. */
  readonly profiles: string;
  /** Signs the checkpoints of the ledger. Encrypted PKCS#8, 0600. */
  readonly logKey: string;
  /** Tiles and checkpoint, derived from the rows of the store. */
  readonly ledger: string;
  readonly rootCert: string;
  readonly issuingCert: string;
  /** PEM of what a root elsewhere is asked to sign; there is none where the root was made here. */
  readonly issuingRequest: string;
  /** Which issuing CA `pki rollover compromised` was last about, and which follows it: JSON. */
  readonly compromiseNote: string;
  /** Where the control socket is, when that is not in the home: one line, written by the server. */
  readonly socketNote: string;
}

export const DEFAULT_CA_HOME = 'ca/state';

export function caHome(home: string): CaHome {
  const at = (...names: readonly string[]): string => join(resolve(home), ...names);
  return {
    home: resolve(home),
    config: at('ca.yaml'),
    store: at('store.sqlite'),
    keysDir: at('keys'),
    rootKey: at('keys', 'root.key.pem'),
    issuingKey: at('keys', 'issuing.key.pem'),
    profiles: at('profiles'),
    logKey: at('keys', 'log.key.pem'),
    ledger: at('ledger'),
    rootCert: at('root.pem'),
    issuingCert: at('issuing.pem'),
    issuingRequest: at('issuing.csr.pem'),
    compromiseNote: at('compromised.json'),
    socketNote: at('control.path'),
  };
}
