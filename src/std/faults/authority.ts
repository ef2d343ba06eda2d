import type { FaultKind } from './kind.ts';

export const authorityFaults = {} as const satisfies Record<string, FaultKind>;
