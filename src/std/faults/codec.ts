import type { FaultKind } from './kind.ts';

export const codecFaults = {} as const satisfies Record<string, FaultKind>;
