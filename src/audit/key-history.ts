import { equalBytes, ok } from '../std/index.ts';
import type { CryptoPort, DomainId, Fault, NodeId, Result } from '../std/index.ts';
import { verifySuccession, type PublicKey } from '../heartbeat/index.ts';

/** Newest keys remembered of each node. */
export const MAX_KEYS_PER_NODE = 64;

interface NodeKeys {
  /** The newest epoch that was judged. */
  epoch: number;
  readonly keys: PublicKey[];
}

/** Which keys have spoken for each node: a new one needs the statement of one before it. */
export class KeyHistory {
  readonly #domainId: DomainId;
  readonly #crypto: CryptoPort;
  readonly #nodes = new Map<NodeId, NodeKeys>();

  constructor(domainId: DomainId, crypto: CryptoPort) {
    this.#domainId = domainId;
    this.#crypto = crypto;
  }

  /**
   * Whether `key` may speak for the node from this epoch on. The first key seen is taken as it is; one from an epoch
   * older than those already judged can't be judged any more and passes.
   * Errors: those of verifySuccession.
   */
  startEpoch(
    nodeId: NodeId,
    epoch: number,
    key: PublicKey,
    succession: readonly Uint8Array[],
  ): Result<true, Fault> {
    const known = this.#nodes.get(nodeId);
    if (known === undefined) {
      this.#nodes.set(nodeId, { epoch, keys: [key] });
      return ok(true);
    }
    if (epoch < known.epoch || holds(known, key)) return ok(true);
    const proven = this.#succeeds(known.keys, key, succession, nodeId);
    if (proven.ok) this.handOver(nodeId, epoch, key);
    return proven;
  }

  /** Requires: a verified key-change names `key`. */
  handOver(nodeId: NodeId, epoch: number, key: PublicKey): void {
    const known = this.#nodes.get(nodeId) ?? { epoch, keys: [] };
    this.#nodes.set(nodeId, known);
    known.epoch = Math.max(known.epoch, epoch);
    if (holds(known, key)) return;
    known.keys.push(key);
    if (known.keys.length > MAX_KEYS_PER_NODE) known.keys.shift();
  }

  #succeeds(
    keys: readonly PublicKey[],
    key: PublicKey,
    succession: readonly Uint8Array[],
    nodeId: NodeId,
  ): Result<true, Fault> {
    let verdict: Result<true, Fault> = ok(true);
    for (const from of keys.toReversed()) {
      verdict = verifySuccession(succession, from, key.spki, nodeId, this.#domainId, this.#crypto);
      if (verdict.ok) return verdict;
    }
    return verdict;
  }
}

function holds({ keys }: NodeKeys, key: PublicKey): boolean {
  return keys.some(({ spki }) => equalBytes(spki, key.spki));
}
