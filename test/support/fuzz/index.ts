import { ocspTargets } from './ocsp-targets.ts';
import { recordTargets } from './record-targets.ts';
import type { FuzzTarget } from './run.ts';
import { x509Targets } from './x509-targets.ts';

/** Every decoder of what strangers send. A new decoder belongs here, with well-formed inputs to start from. */
export const fuzzTargets: readonly FuzzTarget[] = [...x509Targets, ...ocspTargets, ...recordTargets];
