import type { Brand, CertId, Digest, NodeId, SignatureAlgorithm } from '../std/index.ts';
import type { Sign1 } from '../codec/index.ts';
import type { RecordType } from './record-type.ts';

/** A public key without the certificate that says whose it is. */
export interface PublicKey {
  readonly algorithm: SignatureAlgorithm;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

/** A certificate's key. Rosters are verified with the issuing CA's; it has no nodeId. */
export interface SigningKey extends PublicKey {
  readonly certId: CertId;
}

/** A member's key. Only trust can say that it is one; here it is taken as given. */
export interface RecordKey extends SigningKey {
  readonly nodeId: NodeId;
}

/** A record that was parsed and keeps every rule of its format, and about whose origin nothing is known. */
export interface Unverified<T> {
  readonly type: RecordType;
  /** The complete COSE_Sign1, untagged. */
  readonly bytes: Uint8Array;
  readonly sign1: Sign1;
  readonly body: T;
}

/**
 * A record whose signature was checked with `key`, as a record of its type in one domain. Only `verifyRecord` makes
 * one. It says who signed, not that the signer was entitled to: certificate, revocation and sequence are other checks.
 */
export type Verified<T, K extends SigningKey = RecordKey> = Brand<
  Unverified<T> & {
    /** SHA-256 of the Sig_structure, 32 bytes: what `prev` and `heads` refer to. The same for every signature. */
    readonly structureHash: Uint8Array;
    /** SHA-256 of the complete bytes. */
    readonly id: Digest;
    readonly key: K;
  },
  'Verified'
>;

/** A record just signed, ready to be sent. */
export interface SignedRecord {
  readonly bytes: Uint8Array;
  readonly structureHash: Uint8Array;
  readonly id: Digest;
}
