import { equalBytes, err, fault, ok, toHex } from '../std/index.ts';
import type { CryptoPort, DomainId, Fault, NodeId, Result } from '../std/index.ts';
import { MAX_SUCCESSION } from './bounds.ts';
import type { PublicKey, Unverified } from './record.ts';
import { recordAlgorithmOf } from './spki.ts';
import { decodeSuccessor } from './successor.ts';
import type { Successor } from './successor.ts';
import { checkSignature } from './verify.ts';

/**
 * Whether successor statements lead from a key we hold as the node's to the key it presents now.
 *
 * `statements` are oldest first; those from before `fromKey` can't be checked and are passed over, every other must
 * hold. Nothing is needed when the key has not changed. Certificates in between need not be known: each statement
 * carries the key that the next one is checked with.
 *
 * Errors: LS_RECORD_SUCCESSION (too many, or none leads there), LS_RECORD_SUCCESSOR (one is about another node or
 * names a key that can't sign records), and whatever decoding and checking a statement answers.
 */
export function verifySuccession(
  statements: readonly Uint8Array[],
  fromKey: PublicKey,
  toSpki: Uint8Array,
  nodeId: NodeId,
  domainId: DomainId,
  crypto: CryptoPort,
): Result<true, Fault> {
  if (equalBytes(fromKey.spki, toSpki)) return ok(true);
  if (statements.length > MAX_SUCCESSION) {
    return err(
      fault('LS_RECORD_SUCCESSION', `node ${nodeId}: more than ${String(MAX_SUCCESSION)} statements`),
    );
  }
  const reached = new Map<string, PublicKey>([[toHex(crypto.sha256(fromKey.spki)), fromKey]]);
  for (const bytes of statements) {
    const step = follow(bytes, reached, nodeId, domainId, crypto);
    if (!step.ok) return step;
    if (step.value === undefined) continue;
    if (equalBytes(step.value.spki, toSpki)) return ok(true);
    reached.set(toHex(crypto.sha256(step.value.spki)), step.value);
  }
  return err(
    fault('LS_RECORD_SUCCESSION', `node ${nodeId}: no statement leads from the known key to this one`),
  );
}

/** The key a statement hands over to; undefined when it is by a key that was not reached. */
function follow(
  bytes: Uint8Array,
  reached: ReadonlyMap<string, PublicKey>,
  nodeId: NodeId,
  domainId: DomainId,
  crypto: CryptoPort,
): Result<PublicKey | undefined, Fault> {
  const decoded = decodeSuccessor(bytes);
  if (!decoded.ok) return decoded;
  const oldKey = reached.get(toHex(decoded.value.body.oldSpkiHash));
  if (oldKey === undefined) return ok(undefined);
  const signed = checkSignature(crypto, domainId, decoded.value, oldKey);
  return signed.ok ? handOver(decoded.value, nodeId) : signed;
}

function handOver(statement: Unverified<Successor>, nodeId: NodeId): Result<PublicKey, Fault> {
  const { body } = statement;
  if (body.nodeId !== nodeId) {
    return err(fault('LS_RECORD_SUCCESSOR', `a statement of node ${body.nodeId}, not of ${nodeId}`));
  }
  const algorithm = recordAlgorithmOf(body.newSpki);
  if (algorithm === undefined) {
    return err(fault('LS_RECORD_SUCCESSOR', `node ${nodeId}: a successor key that can't sign records`));
  }
  return ok({ algorithm, spki: body.newSpki });
}
