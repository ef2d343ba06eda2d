import type { FaultKind } from './kind.ts';

export const demoFaults = {
  LS_DEMO_DAEMON: {
    cause: 'environment',
    stateChanged: true,
    exit: 5,
    http: 500,
    advice: 'read the log that is named; run the demo again with --directory to keep it',
  },
  LS_DEMO_EXPECTATION: {
    cause: 'bug',
    stateChanged: true,
    exit: 1,
    http: 500,
    advice: 'run the demo again with --directory DIR and report the logs in it',
  },
} as const satisfies Record<string, FaultKind>;
