import type { SignatureAlgorithm } from '../std/index.ts';

/** An AlgorithmIdentifier as it stood in the DER. Source: RFC 5280 §4.1.1.2. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  /** The lifesign algorithm it names with the parameters that algorithm demands; null for every other one. */
  readonly algorithm: SignatureAlgorithm | null;
  /** The whole AlgorithmIdentifier SEQUENCE. */
  readonly der: Uint8Array;
}
