import { err, fault, ok } from '../std/index.ts';
import type { CryptoPort, DomainId, Fault, Result } from '../std/index.ts';
import { sigStructure } from '../codec/index.ts';
import type { RecordBody } from './format.ts';
import { externalAad } from './record-type.ts';
import type { PublicKey, RecordKey, SigningKey, Unverified, Verified } from './record.ts';
import { idOfRecord } from './sign.ts';

/**
 * Checks who signed a record. The context comes from the record's own type, so one of another type or domain fails.
 *
 * Errors: LS_RECORD_WRONG_SIGNER (names another certificate than `key`'s), LS_RECORD_ALGORITHM (not the one of the
 * key), LS_RECORD_SIGNATURE.
 */
export function verifyRecord<T extends RecordBody, K extends SigningKey = RecordKey>(
  crypto: CryptoPort,
  domainId: DomainId,
  record: Unverified<T>,
  key: K,
): Result<Verified<T, K>, Fault> {
  if (record.body.certId !== key.certId) {
    const detail = `${record.type}: names certificate ${record.body.certId}, the key is of ${key.certId}`;
    return err(fault('LS_RECORD_WRONG_SIGNER', detail));
  }
  const structure = checkSignature(crypto, domainId, record, key);
  if (!structure.ok) return structure;
  const { type, bytes, sign1, body } = record;
  const structureHash = crypto.sha256(structure.value);
  const verified = { type, bytes, sign1, body, structureHash, id: idOfRecord(bytes, crypto), key };
  return ok(verified as Verified<T, K>);
}

/**
 * The signature alone, for keys that no certificate is held for. Answers the signed bytes.
 * Errors: LS_RECORD_ALGORITHM, LS_RECORD_SIGNATURE.
 */
export function checkSignature(
  crypto: CryptoPort,
  domainId: DomainId,
  record: Unverified<unknown>,
  key: PublicKey,
): Result<Uint8Array, Fault> {
  const { algorithm, payload, signature } = record.sign1;
  if (algorithm !== key.algorithm) {
    return err(
      fault('LS_RECORD_ALGORITHM', `${record.type}: signed with ${algorithm}, the key is ${key.algorithm}`),
    );
  }
  const structure = sigStructure(algorithm, externalAad(record.type, domainId), payload);
  if (!crypto.verify(algorithm, key.spki, structure, signature)) {
    return err(
      fault('LS_RECORD_SIGNATURE', `${record.type}: the signature is not of this key, type and domain`),
    );
  }
  return ok(structure);
}
