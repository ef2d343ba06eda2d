import type { FaultKind } from './kind.ts';

export const auditFaults = {} as const satisfies Record<string, FaultKind>;
