import type { FaultKind } from './kind.ts';

export const membershipFaults = {} as const satisfies Record<string, FaultKind>;
