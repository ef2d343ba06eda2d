import { equalBytes, type CryptoPort, type Fault, type UnixMs } from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import type { NameConstraints } from '../extensions.ts';
import type { WorkBudget } from './budget.ts';

/**
 * The working variables of path validation, on the way from the anchor to the target.
 * Source: RFC 5280 §6.1.2.
 */
export interface PathState {
  /** The certificate whose key signs the next one (working_issuer_name and working_public_key). */
  readonly issuer: Certificate;
  /** How many more intermediates that are not self-issued may follow (max_path_length). */
  readonly intermediatesLeft: number;
  /** Every nameConstraints met so far; a name must satisfy each (permitted and excluded subtrees). */
  readonly constraints: readonly NameConstraints[];
}

/** What stays the same during one validation. */
export interface PathContext {
  readonly now: UnixMs;
  readonly crypto: CryptoPort;
  readonly budget: WorkBudget;
}

/** One condition of RFC 5280 §6.1 on `certificate`, given who signed it. Undefined: it holds. */
export type PathRule = (
  certificate: Certificate,
  state: PathState,
  context: PathContext,
) => Fault | undefined;

/** Names a certificate in a fault without repeating text that a stranger chose. */
export function labelOf(certificate: Certificate): string {
  return `certificate ${certificate.serialHex}`;
}

/** Issuer and subject are the same Name. Source: RFC 5280 §3.2. */
export function isSelfIssued(certificate: Certificate): boolean {
  return equalBytes(certificate.issuer, certificate.subject);
}
