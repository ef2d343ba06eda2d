import type { FaultKind } from './kind.ts';

export const ledgerFaults = {} as const satisfies Record<string, FaultKind>;
