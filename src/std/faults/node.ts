import type { FaultKind } from './kind.ts';

export const nodeFaults = {
  LS_CHECK_CLOCK: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'set the clock and keep it by NTP: certificates and CRLs are judged by it',
  },
  LS_NODE_NOT_READY: {
    cause: 'environment',
    stateChanged: false,
    exit: 4,
    http: 503,
    advice: 'wait until the node has started, or ask `lifesign mesh status` what keeps it',
  },
  LS_NODE_UNKNOWN_PEER: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 404,
    advice: 'see `lifesign mesh status --all` for the names',
  },
  LS_NODE_NOT_RUNNING: {
    cause: 'environment',
    stateChanged: false,
    exit: 4,
    http: 503,
    advice: 'start it with `lifesign node run`, or name the home of a running node with --home',
  },
  LS_NODE_LEAVE_SLOW: {
    cause: 'environment',
    stateChanged: true,
    exit: 5,
    http: 500,
    advice: 'look at the disk of the home; peers will see this node as down rather than left',
  },
  LS_NODE_INTERNAL: {
    cause: 'bug',
    stateChanged: false,
    exit: 5,
    http: 500,
    advice: 'report this with the log lines around it',
  },
  LS_NODE_STATE_FILE: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 500,
    advice:
      'restore state.json from a backup, or enroll the node anew: without it an epoch could be used twice',
  },
  LS_NODE_INTERVAL: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 409,
    advice:
      'set interval_ms in node.yaml within these bounds, or change them at the CA (`lifesign pki config set interval-min-ms` and `interval-max-ms`)',
  },
  LS_NODE_MODES_FILE: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 500,
    advice: 'remove modes.json from the home of the stopped node, then set maintenance and drain again',
  },
  LS_NODE_HOME_INCOMPLETE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'enroll the node again into an empty home',
  },
} as const satisfies Record<string, FaultKind>;
