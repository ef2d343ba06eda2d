import type { FaultKind } from './kind.ts';

/** What a log says is contradicted: somebody altered, forged or misused something. */
function contradiction(advice: string): FaultKind & { readonly exit: 1 } {
  return { cause: 'hostile-peer', stateChanged: false, exit: 1, http: 422, advice };
}

/** Evidence is not there, so that nothing can be said either way. */
function incomplete(advice: string): FaultKind & { readonly exit: 2 } {
  return { cause: 'environment', stateChanged: false, exit: 2, http: 422, advice };
}

export const auditFaults = {
  LS_AUDIT_FRAME: contradiction('bytes of the log changed after they were written: compare with a copy'),
  LS_AUDIT_SEGMENT: contradiction('a segment file is missing, exchanged or cut: compare with a copy'),
  LS_AUDIT_ENTRY: contradiction('the entry is not one that lifesign writes: compare with a copy'),
  LS_AUDIT_RECORD: contradiction('the record is not one that lifesign signs: compare with a copy'),
  LS_AUDIT_SIGNATURE: contradiction('the record is forged or altered: treat what it says as not said'),
  LS_AUDIT_CERTIFICATE: contradiction(
    'the certificate does not lead to the pinned root in the role it is used in',
  ),
  LS_AUDIT_EXPIRED: contradiction('ask why a record was signed outside the validity of its certificate'),
  LS_AUDIT_USED_AFTER_REVOCATION: contradiction(
    'treat what the certificate signed after its revocation as not said',
  ),
  LS_AUDIT_OWNER: contradiction('the log holds as its own, or as received, what is the other'),
  LS_AUDIT_EPOCH_ORDER: contradiction(
    'records were moved, removed or put in: compare with the logs of the peers',
  ),
  LS_AUDIT_SEQUENCE: contradiction(
    'records were moved, removed or put in: compare with the logs of the peers',
  ),
  LS_AUDIT_CHAIN: contradiction('a record does not continue the one before it: its signer has two histories'),
  LS_AUDIT_EQUIVOCATION: contradiction('two different records have one number: revoke the signer'),
  LS_AUDIT_SUCCESSOR: contradiction('a key took over without the statement of the key before it: revoke it'),
  LS_AUDIT_CHECKPOINT: contradiction('the checkpoint is malformed, or not signed by the key of its log'),
  LS_AUDIT_LOG_KEY: contradiction('a log has one key for life: ask why this one has two'),
  LS_AUDIT_TRUNCATED: contradiction('entries at the end of the log were removed: compare with a copy'),
  LS_AUDIT_ROOT: contradiction('entries of the log were altered or exchanged: compare with a copy'),
  LS_AUDIT_FORK: contradiction('the log showed its peers another history than it holds: revoke its node'),
  LS_AUDIT_TILE: contradiction(
    'a tile differs from the entries it is made of: delete it, opening the ledger makes it again',
  ),
  LS_AUDIT_CRL: contradiction('the CRL is malformed or not signed by a CA under the pinned root'),
  LS_AUDIT_ROSTER: contradiction('the roster is not signed by a CA under the pinned root'),
  LS_AUDIT_ACCUSATION: contradiction('the accusation or its evidence does not hold'),
  LS_AUDIT_DOWN_CERTIFICATE: contradiction(
    'the down certificate does not convince under the roster it names',
  ),
  LS_AUDIT_CA_INDEX: contradiction('a row of the ledger is missing: compare with a backup of the store'),
  LS_AUDIT_CA_ENTRY: contradiction(
    'the entry is not one that a CA writes: compare with a backup of the store',
  ),
  LS_AUDIT_CA_WORD: contradiction(
    'no CA of this version writes such an event: audit with the version that runs the CA',
  ),
  LS_AUDIT_CA_ORDER: contradiction(
    'entries were put in, left out or moved: compare with a backup of the store',
  ),
  LS_AUDIT_CA_CERTIFICATE: contradiction(
    'the certificate is not what the entry says, or not of this CA: revoke it and ask who made it',
  ),
  LS_AUDIT_CA_SUCCESSOR: contradiction(
    'a key took over without the statement of the key before it: revoke it',
  ),
  LS_AUDIT_CA_LOG_KEY: contradiction('the log key is not bound by the issuing CA: compare with a backup'),
  LS_AUDIT_CA_ISSUER: contradiction("the store's issuing CA does not lead to the pinned root"),
  LS_AUDIT_CA_CRL_NUMBER: contradiction('CRL numbers only go up: ask whether the store was set back'),
  LS_AUDIT_CA_CRL_CONTENT: contradiction(
    'a CRL lists other certificates than the entries revoke: publish a new one, and ask who signed it',
  ),
  LS_AUDIT_CA_ROSTER_NUMBER: contradiction(
    'rosters are numbered and chained: ask whether the store was set back',
  ),
  LS_AUDIT_CA_ROSTER: contradiction('a roster says something else of a member than the entries before it'),
  LS_AUDIT_CA_STORE_CERTIFICATE: contradiction(
    'the table of certificates was altered: compare with a backup of the store',
  ),
  LS_AUDIT_CA_STORE_REVOCATION: contradiction(
    'the table of revocations was altered: revoke again what is listed, and compare with a backup',
  ),
  LS_AUDIT_CA_STORE_NODE: contradiction('the table of nodes was altered: compare with a backup of the store'),
  LS_AUDIT_CA_STORE_TOKEN: contradiction('the table of tokens was altered: delete the token that is named'),
  LS_AUDIT_CA_STORE_REQUEST: contradiction(
    'the table of enrollment requests was altered: deny the request that is named, and revoke what came of it',
  ),
  LS_AUDIT_CA_STORE_CRL: contradiction(
    'the CRLs in the store are not those of the ledger: publish a new one',
  ),
  LS_AUDIT_CA_STORE_ISSUER: contradiction(
    'the issuing CAs in the store are not those of the ledger: restore the store from a backup',
  ),
  LS_AUDIT_CA_STORE_ROSTER: contradiction('the roster in the store is not that of the ledger'),
  LS_AUDIT_NO_LOG: incomplete('check the path: a home has a directory ledger/ with segments'),
  LS_AUDIT_NO_CHECKPOINT: incomplete(
    'find the file ledger/checkpoint: without it entries can be removed unseen',
  ),
  LS_AUDIT_NO_LOG_KEY: incomplete(
    'add the entries with the epoch-start of the node, which binds its log key',
  ),
  LS_AUDIT_NO_CRL: incomplete('add a log, or a home, that holds a CRL of the issuing CA'),
  LS_AUDIT_TORN_TAIL: incomplete('a write was interrupted: start the node once, then audit again'),
  LS_AUDIT_GAP: incomplete(
    'the node could not write for a while and says so; other logs may hold what is missing',
  ),
  LS_AUDIT_LOG_SHORT: incomplete('peers saw a longer log of this node: audit a newer copy of its home'),
  LS_AUDIT_UNKNOWN_CERTIFICATE: incomplete('add the home of the signer, or one that holds its epoch-start'),
  LS_AUDIT_UNKNOWN_ROSTER: incomplete('add a home that holds the roster of that number'),
  LS_AUDIT_LIMIT: incomplete('audit fewer homes or a shorter time at once'),
  LS_AUDIT_NO_ROOT: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 400,
    advice: 'name the root certificate with --root root.pem',
  },
  LS_AUDIT_ROOTS_DIFFER: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 400,
    advice: 'audit the homes of one trust domain, and name its root certificate with --root root.pem',
  },
} as const satisfies Record<string, FaultKind>;
