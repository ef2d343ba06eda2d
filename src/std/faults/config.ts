import type { FaultKind } from './kind.ts';

export const configFaults = {
  LS_CONFIG_MISSING: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice:
      'check the --home directory; a CA home is made by `lifesign pki init`, a node home by `lifesign node enroll`',
  },
  LS_CONFIG_UNREADABLE: {
    cause: 'environment',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'check the permissions and owner of the file',
  },
  LS_CONFIG_SYNTAX: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'correct the YAML at the line named',
  },
  LS_CONFIG_FIXED: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 409,
    advice: 'leave it as it is: let the old name lead to the new place (DNS), or make another CA',
  },
  LS_CONFIG_UNKNOWN_KEY: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'correct the spelling or remove the key',
  },
  LS_CONFIG_INVALID: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'correct the value; config/ holds an example with every key explained',
  },
  LS_CONFIG_STORE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'write sqlite, or postgres://USER@HOST:PORT/DATABASE; the password may be in PGPASSWORD instead',
  },
  LS_CONFIG_ADDRESS: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'write HOST:PORT, for IPv6 [ADDRESS]:PORT',
  },
  LS_CONFIG_ADVERTISE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'add --advertise HOST:PORT with the address at which the other nodes reach this one',
  },
  LS_CA_EXISTS: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 409,
    advice: 'use the CA that is there (`lifesign pki serve`), or choose another directory with --home',
  },
  LS_OPERATOR_EXISTS: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 409,
    advice:
      'choose another directory with -o, or remove the old one: an operator certificate is good for 8 hours',
  },
  LS_CA_NO_DELTA: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 404,
    advice: 'use the full CRL, which is complete',
  },
  LS_HOME_NOT_EMPTY: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 409,
    advice: 'choose an empty or new directory with --home',
  },
  LS_CONFIG_URL: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'write https://HOST:PORT for the CA and http://HOST:PORT for CRLs, without a path',
  },
  LS_PORT_IN_USE: {
    cause: 'environment',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'stop the process that listens there (`ss -ltnp` names it), or choose another port',
  },
  LS_PORT_UNAVAILABLE: {
    cause: 'environment',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice:
      'listen on an address of this host, and on a port this user may use (1024 and above without root)',
  },
} as const satisfies Record<string, FaultKind>;
