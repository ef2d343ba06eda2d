import type { CertId, CryptoPort, DomainId, Fault, Result, Signer, UnixMs } from '../std/index.ts';
import { bytesShape, listShape, uintShape } from '../codec/index.ts';
import type { CborMap } from '../codec/index.ts';
import {
  LOG_KEY_BYTES,
  MAX_ADDRESSES,
  MAX_EPOCH_START_BYTES,
  MAX_FORMAT_VERSION,
  MAX_SUCCESSION,
  MAX_SUCCESSOR_BYTES,
  NONCE_BYTES,
} from './bounds.ts';
import { addressField, certIdField, chainField, epochField, extField, timeField } from './fields.ts';
import { defineRecord } from './format.ts';
import { modesRule } from './modes.ts';
import type { SignedRecord, Unverified } from './record.ts';
import { signRecord } from './sign.ts';

/** Number 0 of an epoch: who starts it, with which keys, from which boot. The first heartbeat's prev refers to it. */
export interface EpochStart {
  readonly certId: CertId;
  readonly epoch: number;
  readonly tMs: UnixMs;
  /** 8 random bytes of this boot; two records of one epoch with different ones mean two copies of a node. */
  readonly nonce: Uint8Array;
  /** The sender's certificates as DER, leaf first, without the root. Not validated here. */
  readonly chain: readonly Uint8Array[];
  /** Ed25519 public key of the sender's ledger, 32 bytes raw. */
  readonly logKey: Uint8Array;
  /** Highest record format version the sender reads and writes. */
  readonly maxVersion: number;
  /** Where the sender can be dialled, `HOST:PORT`, best first; empty for a node that only dials. */
  readonly addresses: readonly string[];
  /** Successor statements from the node's earlier keys to this one, oldest first. */
  readonly succession: readonly Uint8Array[];
  readonly ext: CborMap;
}

export const epochStartFormat = defineRecord<EpochStart>({
  type: 'epoch-start',
  maxBytes: MAX_EPOCH_START_BYTES,
  fields: {
    certId: certIdField,
    epoch: epochField,
    tMs: timeField,
    nonce: bytesShape(NONCE_BYTES),
    chain: chainField,
    logKey: bytesShape(LOG_KEY_BYTES),
    maxVersion: uintShape(MAX_FORMAT_VERSION, 1),
    addresses: listShape(addressField, 0, MAX_ADDRESSES),
    succession: listShape(bytesShape(1, MAX_SUCCESSOR_BYTES), 0, MAX_SUCCESSION),
    ext: extField,
  },
  check: modesRule,
});

/** Errors: as RecordFormat.decode. */
export function decodeEpochStart(bytes: Uint8Array): Result<Unverified<EpochStart>, Fault> {
  return epochStartFormat.decode(bytes);
}

/** Requires and errors: as signRecord. */
export function signEpochStart(
  body: EpochStart,
  signer: Signer,
  domainId: DomainId,
  crypto: CryptoPort,
): SignedRecord {
  return signRecord(epochStartFormat, body, signer, domainId, crypto);
}
