import type { FaultKind } from './kind.ts';

export const cliFaults = {
  LS_CLI_USAGE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 400,
    advice: 'add --help to the command to see how it is used',
  },
  LS_CLI_UNKNOWN_COMMAND: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 400,
    advice: 'see lifesign --help for all commands',
  },
  LS_CLI_UNKNOWN_OPTION: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 400,
    advice: 'add --help to the command to see its options',
  },
  LS_CLI_NO_HOME: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 400,
    advice:
      'name one with --home DIR or LIFESIGN_HOME, or make one with lifesign pki init or lifesign node enroll',
  },
  LS_CLI_SEVERAL_HOMES: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 400,
    advice: 'choose one with --home DIR or LIFESIGN_HOME',
  },
  LS_CLI_INPUT_TOO_LONG: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 400,
    advice: 'check what is piped into the command',
  },
  LS_CLI_RUNTIME: {
    cause: 'environment',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'install Node.js 24 or newer, or put the npm package "node" beside lifesign',
  },
  LS_CLI_SHUTDOWN_SLOW: {
    cause: 'environment',
    stateChanged: true,
    exit: 5,
    http: 500,
    advice: 'look for a disk or network that hangs; durable state is as after a crash and recovers by itself',
  },
  LS_CLI_INTERNAL: {
    cause: 'bug',
    stateChanged: true,
    exit: 5,
    http: 500,
    advice: 'run it again with LIFESIGN_DEBUG=1 and report what it prints',
  },
} as const satisfies Record<string, FaultKind>;
