import type { FaultKind } from './kind.ts';

const misconfiguration = (advice: string, http = 400, exit: 3 | 6 = 3) =>
  ({ cause: 'misconfiguration', stateChanged: false, exit, http, advice }) as const;

/** The root on another machine, and what leaves the CA's home. */
export const ceremonyFaults = {
  LS_CEREMONY_AWAITED: misconfiguration(
    'have the root sign issuing.csr.pem of this home, then run `lifesign pki import`',
    503,
  ),
  LS_CEREMONY_FILES: misconfiguration(
    'name what the root has made: its own certificate, that of this CA, and a CRL (`lifesign pki root sign` puts all into one file)',
  ),
  LS_CEREMONY_HIERARCHY: misconfiguration(
    'have the root sign the request of this very home again, for this trust domain, with all that the request asks for',
  ),
  LS_CEREMONY_ROOT: misconfiguration(
    'find out which root certificate is the right one before you go on: whoever holds its key certifies every node',
  ),
  LS_CEREMONY_LAPSED: misconfiguration(
    'have the root sign a new CRL (`lifesign pki root crl`), and take that',
  ),
  LS_CEREMONY_DONE: misconfiguration(
    'this home has its certificates; to take a newer CRL of its root, name only that',
    409,
  ),
  LS_CEREMONY_REQUEST: misconfiguration(
    'use issuing.csr.pem of a home made by `lifesign pki init --root-csr` for the trust domain of this root',
  ),
  LS_CEREMONY_KEY: misconfiguration(
    'compare with what `lifesign pki init --root-csr` printed, not with what came along with the request',
  ),
  LS_EXPORT_EXISTS: misconfiguration('choose another name: an export never replaces a file', 409),
  LS_EXPORT_SOURCE: misconfiguration(
    'name the directory with --from: a node home, or what `lifesign pki operator create` made; the CA itself has no key of others',
    404,
  ),
  LS_EXPORT_PASSPHRASE: misconfiguration(
    'use 1 to 64 printable ASCII characters: programs that read PKCS#12 differ on all others',
  ),
  LS_ROOT_EXISTS: misconfiguration('use the root that is there, or choose another --home', 409),
  LS_ROOT_KEY_TAKEN: misconfiguration('there is no root key in that home: it was taken away before'),
  LS_ROOT_HOME: misconfiguration(
    'put root.pem, root.crl and keys/root.key.pem of one and the same root into its home, the newest copy of each',
  ),
  LS_ROOT_CLOCK: misconfiguration('set the clock of this machine, then run the same command again'),
  LS_ROOT_SERIAL: misconfiguration(
    'see the folder issued/ of the root home for what this root has signed',
    404,
  ),
} as const satisfies Record<string, FaultKind>;
