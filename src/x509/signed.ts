import type { AlgorithmIdentifier } from './algorithm.ts';

/** What certificates, CRLs and CSRs have in common: signed bytes, algorithm, signature. */
export interface SignedObject {
  /** The DER bytes the signature covers. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  /** Content of the signature BIT STRING (for ECDSA a DER ECDSA-Sig-Value, not r‖s). */
  readonly signature: Uint8Array;
}
