import { join, resolve } from 'node:path';

/** Paths of the files of one node home. Docs: certs/README.md. */
export interface NodeHome {
  readonly home: string;
  /** node.yaml: see {@link NodeConfig}. */
  readonly config: string;
  /** PKCS#8 private key, 0600. It never leaves the node. */
  readonly key: string;
  /** The node's own certificate. */
  readonly cert: string;
  /** The intermediates between the certificate and the root, leaf side first. */
  readonly chain: string;
  /** The trust bundle: the root certificates of the trust domain. */
  readonly root: string;
  /** The issuing CAs in use, as far as the node knows them: its own and those before and after it. */
  readonly issuers: string;
  /**
   * Newest CRLs, DER: root.crl of the genesis root, issuing.crl (full) and issuing-delta.crl of the node's own issuing CA;
   * of others issuing-KEYID.crl, issuing-KEYID-delta.crl and root-KEYID.crl, with 16 digits of the key identifier.
   */
  readonly crlDir: string;
  /** Newest CA-signed member list (COSE_Sign1, untagged as on the wire). */
  readonly roster: string;
  readonly ledger: string;
  /** Epoch, trusted time and the last key of every peer; see the node agent. */
  readonly state: string;
  /** What the operator has put the node into: maintenance, draining. */
  readonly modes: string;
  /** Addresses of the members, as the CA last told them. */
  readonly seeds: string;
  /** The CA's newest OCSP answer about the node's own certificate; DER. */
  readonly ocsp: string;
  /** Successor statements of earlier keys. */
  readonly succession: string;
  /** The key of a renewal under way. */
  readonly nextKey: string;
  /** Ed25519 key of the ledger. */
  readonly logKey: string;
  /** Where the control socket is unless node.yaml names a shorter path. */
  readonly controlSocket: string;
  readonly lock: string;
}

/** Names of the files in `crlDir`. */
export const CRL_FILES = { full: 'issuing.crl', delta: 'issuing-delta.crl', root: 'root.crl' } as const;

export function nodeHome(home: string): NodeHome {
  const at = (name: string): string => join(resolve(home), name);
  return {
    home: resolve(home),
    config: at('node.yaml'),
    key: at('key.pem'),
    cert: at('cert.pem'),
    chain: at('chain.pem'),
    root: at('root.pem'),
    issuers: at('issuers.pem'),
    crlDir: at('crl'),
    roster: at('roster.cose'),
    ledger: at('ledger'),
    state: at('state.json'),
    modes: at('modes.json'),
    seeds: at('seeds.json'),
    ocsp: at('ocsp.der'),
    succession: at('succession.json'),
    nextKey: at('next-key.pem'),
    logKey: at('log-key.pem'),
    controlSocket: at('control.sock'),
    lock: at('lock'),
  };
}
