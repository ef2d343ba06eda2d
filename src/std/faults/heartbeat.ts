import type { FaultKind } from './kind.ts';

export const heartbeatFaults = {} as const satisfies Record<string, FaultKind>;
