import type { FaultKind } from './kind.ts';

export const ioFaults = {} as const satisfies Record<string, FaultKind>;
