import type { FaultKind } from './kind.ts';

export const enrollmentFaults = {} as const satisfies Record<string, FaultKind>;
