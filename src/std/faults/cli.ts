import type { FaultKind } from './kind.ts';

export const cliFaults = {} as const satisfies Record<string, FaultKind>;
