import type { FaultKind } from './kind.ts';

/** What can go wrong on the host that enrolls; what the CA refuses is in enrollment.ts. */
export const enrollFaults = {
  LS_NODE_EXISTS: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 409,
    advice: 'run the node that is there (`lifesign node run`), or choose another directory with --home',
  },
  LS_ENROLL_ANSWER: {
    cause: 'hostile-peer',
    stateChanged: false,
    exit: 6,
    http: 502,
    advice: 'do not use this CA until it is known why it answers like that; nothing of the answer was kept',
  },
} as const satisfies Record<string, FaultKind>;
