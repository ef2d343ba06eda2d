import { digestOf, fault, LsError } from '../std/index.ts';
import type { CryptoPort, DomainId, Signer } from '../std/index.ts';
import { encodeSign1, sigStructure } from '../codec/index.ts';
import type { RecordBody, RecordFormat } from './format.ts';
import { externalAad } from './record-type.ts';
import type { SignedRecord } from './record.ts';

/**
 * Signs `body` as a record of its type in one domain.
 *
 * Requires: `signer` holds the key of certificate `body.certId`, and is ES256 or Ed25519.
 * What a receiver's decoder would refuse is not sent: an LsError with the decoder's fault says that the caller has a bug.
 */
export function signRecord<T extends RecordBody>(
  format: RecordFormat<T>,
  body: T,
  signer: Signer,
  domainId: DomainId,
  crypto: CryptoPort,
): SignedRecord {
  const payload = format.encodeBody(body);
  const structure = sigStructure(signer.algorithm, externalAad(format.type, domainId), payload);
  const bytes = encodeSign1({ algorithm: signer.algorithm, payload, signature: signer.sign(structure) });
  const readBack = format.decode(bytes);
  if (!readBack.ok) throw new LsError(readBack.error);
  return { bytes, structureHash: crypto.sha256(structure), id: idOfRecord(bytes, crypto) };
}

/** SHA-256 of the complete bytes of a record. */
export function idOfRecord(bytes: Uint8Array, crypto: CryptoPort): SignedRecord['id'] {
  const id = digestOf(crypto.sha256(bytes));
  if (id === undefined)
    throw new LsError(fault('LS_RECORD_MALFORMED', 'the crypto port hashes to a wrong length'));
  return id;
}
