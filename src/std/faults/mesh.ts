import type { FaultKind } from './kind.ts';

export const meshFaults = {} as const satisfies Record<string, FaultKind>;
