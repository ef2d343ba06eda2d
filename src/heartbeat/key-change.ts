import type { CertId, CryptoPort, DomainId, Fault, Result, Signer, UnixMs } from '../std/index.ts';
import { bytesShape, SIGNATURE_BYTES } from '../codec/index.ts';
import type { CborMap } from '../codec/index.ts';
import { MAX_KEY_CHANGE_BYTES, MAX_SUCCESSOR_BYTES } from './bounds.ts';
import { certIdField, chainField, epochField, extField, hashField, seqField, timeField } from './fields.ts';
import { defineRecord } from './format.ts';
import type { SignedRecord, Unverified } from './record.ts';
import { signRecord } from './sign.ts';

/** The old key's last record: from the next number on the node signs with the new key. */
export interface KeyChange {
  /** Of the old certificate, whose key signs this record. */
  readonly certId: CertId;
  readonly epoch: number;
  readonly seq: number;
  readonly tMs: UnixMs;
  readonly prev: Uint8Array;
  /** The new certificates as DER, leaf first, without the root. Not validated here. */
  readonly chain: readonly Uint8Array[];
  /** Successor statement by the old key for the new one. */
  readonly successor: Uint8Array;
  /** Signature by the new key, 64 bytes: see keyProofMessage. */
  readonly proof: Uint8Array;
  readonly ext: CborMap;
}

export const keyChangeFormat = defineRecord<KeyChange>({
  type: 'key-change',
  maxBytes: MAX_KEY_CHANGE_BYTES,
  fields: {
    certId: certIdField,
    epoch: epochField,
    seq: seqField,
    tMs: timeField,
    prev: hashField,
    chain: chainField,
    successor: bytesShape(1, MAX_SUCCESSOR_BYTES),
    proof: bytesShape(SIGNATURE_BYTES),
    ext: extField,
  },
});

/** Errors: as RecordFormat.decode. */
export function decodeKeyChange(bytes: Uint8Array): Result<Unverified<KeyChange>, Fault> {
  return keyChangeFormat.decode(bytes);
}

/** Requires and errors: as signRecord. */
export function signKeyChange(
  body: KeyChange,
  signer: Signer,
  domainId: DomainId,
  crypto: CryptoPort,
): SignedRecord {
  return signRecord(keyChangeFormat, body, signer, domainId, crypto);
}
