import type { FaultKind } from './kind.ts';

export const trustFaults = {} as const satisfies Record<string, FaultKind>;
