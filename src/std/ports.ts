import type { Instant } from './time.ts';

/** Signature algorithms a lifesign key can have, by their JOSE names. */
export type SignatureAlgorithm = 'ES256' | 'ES384' | 'Ed25519';

/** A private key that stays where it is. */
export interface Signer {
  readonly algorithm: SignatureAlgorithm;
  /** DER SubjectPublicKeyInfo of the matching public key. */
  readonly spki: Uint8Array;
  /**
   * Signs `message` (hashing is part of the algorithm). ECDSA signatures are r‖s of fixed length
   * (IEEE P1363) with s in the lower half of the order; Ed25519 signatures are 64 bytes.
   */
  sign(message: Uint8Array): Uint8Array;
}

/** Public-key and hash operations, synchronous and without side effects. */
export interface CryptoPort {
  /** SHA-256 over the concatenation of `parts`. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  /** SHA-1 over `message`, for the names that OCSP gives to issuers and keys; never where a collision would matter. */
  sha1(message: Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** Compares secrets in constant time; false when the lengths differ. */
  equalSecrets(a: Uint8Array, b: Uint8Array): boolean;
  /**
   * Verifies `signature` (same encodings as {@link Signer.sign}) by the key in `spki`.
   * False for a key that cannot be read or is of another algorithm.
   */
  verify(
    algorithm: SignatureAlgorithm,
    spki: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean;
}

export interface Clock {
  now(): Instant;
}

export interface Random {
  bytes(length: number): Uint8Array;
}
