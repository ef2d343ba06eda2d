import { concatBytes, fromHex, type CryptoPort, type NodeId } from '../std/index.ts';
import type { MemberState } from './lattice.ts';

const VIEW_DIGEST_BYTES = 8;

export interface ViewRow {
  readonly nodeId: NodeId;
  readonly epoch: number;
  readonly state: MemberState;
}

/**
 * First 8 bytes of SHA-256 over the sorted (nodeId, epoch, UP/DOWN/LEFT/REVOKED) of all members whose epoch is
 * known: two nodes with equal digests agree on who is up. SUSPECT, EXPIRED and UNKNOWN differ from node to node
 * and count as UP until something final is known.
 */
export function viewDigest(rows: readonly ViewRow[], crypto: CryptoPort): Uint8Array {
  const parts = [...rows]
    .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1))
    .map((row) => concatBytes(fromHex(row.nodeId) ?? new Uint8Array(), encodeRow(row)));
  return crypto.sha256(...parts).slice(0, VIEW_DIGEST_BYTES);
}

function encodeRow(row: ViewRow): Uint8Array {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(row.epoch));
  bytes[8] = stateCode(row.state);
  return bytes;
}

function stateCode(state: MemberState): number {
  switch (state) {
    case 'down':
      return 1;
    case 'left':
    case 'removed':
      return 2;
    case 'revoked':
      return 3;
    case 'alive':
    case 'suspect':
    case 'unknown':
    case 'expired':
      return 0;
  }
}
