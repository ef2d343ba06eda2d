import { concatBytes, equalBytes, err, fault, ok, utf8 } from '../std/index.ts';
import type { CryptoPort, DomainId, Fault, NodeId, Result, Signer } from '../std/index.ts';
import { checkSignatureForm } from '../codec/index.ts';
import { idBytes } from './fields.ts';
import type { KeyChange } from './key-change.ts';
import type { PublicKey, RecordKey, Verified } from './record.ts';
import { decodeSuccessor } from './successor.ts';
import type { Successor } from './successor.ts';
import { verifyRecord } from './verify.ts';

const CONTEXT = 'lifesign/v1/key-proof';

/** Where in a node's history a key takes over. */
export interface KeyProofPlace {
  readonly domainId: DomainId;
  readonly nodeId: NodeId;
  readonly epoch: number;
  /** Of the key-change record. */
  readonly seq: number;
}

/** Context string ‖ domainId ‖ nodeId (16) ‖ epoch (8, big-endian) ‖ seq (8, big-endian) ‖ SHA-256 of the new SPKI. */
export function keyProofMessage(place: KeyProofPlace, newSpki: Uint8Array, crypto: CryptoPort): Uint8Array {
  return concatBytes(
    utf8(CONTEXT),
    place.domainId,
    idBytes(place.nodeId),
    uint64(place.epoch),
    uint64(place.seq),
    crypto.sha256(newSpki),
  );
}

/** The new key shows that it is held by who announces it: the `proof` of a key-change. */
export function proveKey(newKey: Signer, place: KeyProofPlace, crypto: CryptoPort): Uint8Array {
  return newKey.sign(keyProofMessage(place, newKey.spki, crypto));
}

/**
 * Whether a verified key-change hands over to `newKey`: the new key signed for this place in the node's history, and
 * the old key's successor statement names exactly it. `newKey` is that of the new chain's leaf, which the caller has
 * validated as one of the same nodeId.
 *
 * Errors: LS_RECORD_KEY_PROOF; LS_RECORD_SUCCESSOR (about another node, old or new key), and whatever decoding and
 * verifying the statement answers.
 */
export function verifyKeyChangeProof(
  crypto: CryptoPort,
  domainId: DomainId,
  change: Verified<KeyChange>,
  newKey: PublicKey,
): Result<Verified<Successor>, Fault> {
  const proof = checkProof(crypto, domainId, change, newKey);
  if (!proof.ok) return proof;
  const decoded = decodeSuccessor(change.body.successor);
  if (!decoded.ok) return decoded;
  const statement = verifyRecord(crypto, domainId, decoded.value, change.key);
  if (!statement.ok) return statement;
  const wrong = misdirection(crypto, statement.value.body, change.key, newKey.spki);
  return wrong === undefined ? statement : err(fault('LS_RECORD_SUCCESSOR', `key-change: ${wrong}`));
}

function checkProof(
  crypto: CryptoPort,
  domainId: DomainId,
  change: Verified<KeyChange>,
  newKey: PublicKey,
): Result<Uint8Array, Fault> {
  const { proof, epoch, seq } = change.body;
  const form = checkSignatureForm(newKey.algorithm, proof);
  if (!form.ok)
    return err(fault('LS_RECORD_KEY_PROOF', 'key-change: the proof has a wrong form', form.error));
  const message = keyProofMessage({ domainId, nodeId: change.key.nodeId, epoch, seq }, newKey.spki, crypto);
  if (!crypto.verify(newKey.algorithm, newKey.spki, message, proof)) {
    return err(
      fault('LS_RECORD_KEY_PROOF', 'key-change: the new key did not sign for this node, epoch and seq'),
    );
  }
  return ok(proof);
}

function misdirection(
  crypto: CryptoPort,
  statement: Successor,
  oldKey: RecordKey,
  newSpki: Uint8Array,
): string | undefined {
  if (statement.nodeId !== oldKey.nodeId) return 'the successor statement is about another node';
  if (!equalBytes(statement.oldSpkiHash, crypto.sha256(oldKey.spki))) return 'it names another old key';
  return equalBytes(statement.newSpki, newSpki) ? undefined : 'it names another new key';
}

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
