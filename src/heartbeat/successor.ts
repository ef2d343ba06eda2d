import type { CertId, CryptoPort, DomainId, Fault, NodeId, Result, Signer, UnixMs } from '../std/index.ts';
import { bytesShape } from '../codec/index.ts';
import type { CborMap } from '../codec/index.ts';
import { MAX_SPKI_BYTES, MAX_SUCCESSOR_BYTES } from './bounds.ts';
import { certIdField, extField, hashField, nodeIdField, timeField } from './fields.ts';
import { defineRecord } from './format.ts';
import type { SignedRecord, Unverified } from './record.ts';
import { signRecord } from './sign.ts';

/** A node's old key says which key speaks for the node after it. Without one not even the CA can replace a key. */
export interface Successor {
  /** Of the old key's certificate. */
  readonly certId: CertId;
  readonly nodeId: NodeId;
  /** SHA-256 of the old key's DER SubjectPublicKeyInfo, 32 bytes. */
  readonly oldSpkiHash: Uint8Array;
  /** The new key's DER SubjectPublicKeyInfo. */
  readonly newSpki: Uint8Array;
  readonly tMs: UnixMs;
  readonly ext: CborMap;
}

export const successorFormat = defineRecord<Successor>({
  type: 'successor',
  maxBytes: MAX_SUCCESSOR_BYTES,
  fields: {
    certId: certIdField,
    nodeId: nodeIdField,
    oldSpkiHash: hashField,
    newSpki: bytesShape(1, MAX_SPKI_BYTES),
    tMs: timeField,
    ext: extField,
  },
});

/** Errors: as RecordFormat.decode. */
export function decodeSuccessor(bytes: Uint8Array): Result<Unverified<Successor>, Fault> {
  return successorFormat.decode(bytes);
}

/** Requires and errors: as signRecord. */
export function signSuccessor(
  body: Successor,
  signer: Signer,
  domainId: DomainId,
  crypto: CryptoPort,
): SignedRecord {
  return signRecord(successorFormat, body, signer, domainId, crypto);
}
