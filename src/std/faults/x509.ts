import type { FaultKind } from './kind.ts';

export const x509Faults = {} as const satisfies Record<string, FaultKind>;
