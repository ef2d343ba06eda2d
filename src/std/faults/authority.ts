import type { FaultKind } from './kind.ts';

const LOOK_AT_DISK =
  'look at the system log for disk errors, then start the CA again; nothing acknowledged is lost';

export const authorityFaults = {
  LS_CA_NOT_INITIALISED: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice: 'run `lifesign pki init` first, or point --home at the CA home',
  },
  LS_CA_ALREADY_INITIALISED: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 409,
    advice: 'use the CA that is there, or choose another --home, or another database with --store',
  },
  LS_CA_REQUEST: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 400,
    advice: 'correct the value that is named',
  },
  LS_CA_KEY_MISMATCH: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice: 'put the key files and the store of the same CA into its home',
  },
  LS_CA_UNKNOWN_SUBJECT: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 6,
    http: 404,
    advice: 'see `lifesign pki list` for names and serials',
  },
  LS_CA_NOT_HELD: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 6,
    http: 409,
    advice: 'nothing to release: `lifesign pki list` shows what is on hold; a revocation is for ever',
  },
  LS_CA_NOTHING_TO_HOLD: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 6,
    http: 409,
    advice: 'all its certificates have expired: revoke or remove the node instead',
  },
  LS_CA_RELEASES_FULL: {
    cause: 'environment',
    stateChanged: false,
    exit: 6,
    http: 409,
    advice:
      'revoke the node and enroll it anew: a CRL carries releases for 400 days, and a bounded number of them',
  },
  LS_CA_INTENT: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 6,
    http: 409,
    advice: 'the profile changed while the issuance was interrupted: make a new token with --replace',
  },
  LS_CRL_LAPSING: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice:
      'look into the log of the CA for why no CRL is signed; that of the root needs the root key: run `lifesign pki crl --publish` where it is',
  },
  LS_CA_LEDGER_ROLLBACK: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice:
      'the store is older than the checkpoint of its ledger, or was altered: put the newest store back, and run `lifesign audit verify` on the CA home',
  },
  LS_CA_LEDGER_CHECKPOINT: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice: 'put the log key and the ledger/checkpoint of the same CA into its home',
  },
  LS_CA_READ_ONLY: {
    cause: 'environment',
    stateChanged: false,
    exit: 6,
    http: 503,
    advice:
      'it may not know the newest revocations: read docs/OPERATIONS.md, then end this with `lifesign pki restore --accept-loss`',
  },
  LS_CA_REVOKED: {
    cause: 'environment',
    stateChanged: false,
    exit: 6,
    http: 503,
    advice:
      'nothing that this CA signs counts any more: see docs/OPERATIONS.md, A CA that its root has revoked',
  },
  LS_CA_NOT_RESTORED: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 409,
    advice: 'nothing to do: this CA is not read-only',
  },
  LS_CA_NUMBERS: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice: 'set the clock of this host, then try again: the numbers grow with the time since the backup',
  },
  LS_CA_STORE_BUSY: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice: 'try again; if it lasts, find the other process that has the store open',
  },
  LS_CA_STORE_FULL: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 507,
    advice: 'free space on the disk of the CA home, then try again',
  },
  LS_CA_STORE_IO: {
    cause: 'environment',
    stateChanged: true,
    exit: 5,
    http: 500,
    advice: LOOK_AT_DISK,
  },
  LS_CA_STORE_CORRUPT: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 500,
    advice: 'stop the CA, keep a copy of the store, and restore the last backup',
  },
  LS_CA_STORE_SCHEMA: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice: 'run the lifesign version that wrote this store, or a newer one',
  },
  LS_CA_STORE_UNREACHABLE: {
    cause: 'environment',
    stateChanged: true,
    exit: 4,
    http: 503,
    advice:
      'start the database server or mend the way to it: the CA connects again by itself; then look whether the last change was made',
  },
  LS_CA_STORE_REFUSED: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice:
      'check user, password, database and rights: the CA needs a database of which its user is the owner',
  },
  LS_CA_STORE_READ_ONLY: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice: 'name the primary server in `store`, or end its read-only mode',
  },
  LS_CA_STORE_NOT_DURABLE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice: 'set fsync = on in postgresql.conf: without it an acknowledged revocation can be lost',
  },
  LS_CA_STORE_CLOSED: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice: 'the CA is stopping: try again once it runs',
  },
} as const satisfies Record<string, FaultKind>;
