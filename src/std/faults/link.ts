import type { FaultKind } from './kind.ts';

export const linkFaults = {} as const satisfies Record<string, FaultKind>;
