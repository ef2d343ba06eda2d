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
} as const satisfies Record<string, FaultKind>;
