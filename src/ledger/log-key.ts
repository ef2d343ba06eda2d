import {
  certIdField,
  defineRecord,
  extField,
  signRecord,
  timeField,
  verifyRecord,
  type SignedRecord,
  type SigningKey,
  type Unverified,
  type Verified,
} from '../heartbeat/index.ts';
import { bytesShape, type CborMap } from '../codec/index.ts';
import type { CertId, CryptoPort, DomainId, Fault, Result, Signer, UnixMs } from '../std/index.ts';
import { LOG_KEY_BYTES } from './note-key.ts';

export const MAX_LOG_KEY_RECORD_BYTES = 512;

/** The CA says which key signs the checkpoints of its ledger, as a node's epoch-start says of the node's. */
export interface LogKey {
  /** Of the issuing CA's certificate. */
  readonly certId: CertId;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly logKey: Uint8Array;
  readonly tMs: UnixMs;
  readonly ext: CborMap;
}

/** A log-key record verified with the issuing CA's key. */
export type VerifiedLogKey = Verified<LogKey, SigningKey>;

export const logKeyFormat = defineRecord<LogKey>({
  type: 'log-key',
  maxBytes: MAX_LOG_KEY_RECORD_BYTES,
  fields: { certId: certIdField, logKey: bytesShape(LOG_KEY_BYTES), tMs: timeField, ext: extField },
});

/** Errors: as RecordFormat.decode. */
export function decodeLogKey(bytes: Uint8Array): Result<Unverified<LogKey>, Fault> {
  return logKeyFormat.decode(bytes);
}

/** Requires: `signer` holds the issuing CA's key. Requires and errors besides: as signRecord. */
export function signLogKey(
  body: LogKey,
  signer: Signer,
  domainId: DomainId,
  crypto: CryptoPort,
): SignedRecord {
  return signRecord(logKeyFormat, body, signer, domainId, crypto);
}

/**
 * Requires: `issuer` is the key of a CA certificate that trust has validated, never a member's.
 * Errors: as verifyRecord.
 */
export function verifyLogKey(
  crypto: CryptoPort,
  domainId: DomainId,
  record: Unverified<LogKey>,
  issuer: SigningKey,
): Result<VerifiedLogKey, Fault> {
  return verifyRecord(crypto, domainId, record, issuer);
}
