import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { bodyChecksum, LEAF_PREFIX } from '../../ledger/index.ts';
import { plain } from '../crypto/node-crypto.ts';

/** A body above this is hashed in turns of the event loop, and written from where it lies: a CRL can have 49 MB. */
export const LARGE_BODY_BYTES = 256 * 1024;
/** What is hashed of it before everything else has its turn. */
export const SLICE_BYTES = 256 * 1024;

/** What a body needs to be framed, and to be a leaf. */
export interface BodyHashes {
  /** The part of its frame's checksum that does not depend on its place. */
  readonly bodyChecksum: number;
  readonly leafHash: Uint8Array;
}

/** Both hashes of a body in pieces. The pieces must not change meanwhile. */
export async function hashInTurns(pieces: readonly Uint8Array[]): Promise<BodyHashes> {
  const leaf = createHash('sha256').update(LEAF_PREFIX);
  let checksum = bodyChecksum(new Uint8Array());
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += SLICE_BYTES) {
      const slice = piece.subarray(at, at + SLICE_BYTES);
      leaf.update(slice);
      checksum = bodyChecksum(slice, checksum);
      await turn();
    }
  }
  return { bodyChecksum: checksum, leafHash: plain(leaf.digest()) };
}
