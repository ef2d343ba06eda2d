import { fromHex, toHex } from '../../std/index.ts';

/**
 * The same ECDSA signature with s in the lower half of the group order: of the two valid values s and n − s
 * the smaller one, so that a record has one encoding.
 *
 * Requires: `signature` is r‖s, both of the same even length; `order` is n of its curve.
 */
export function lowS(signature: Uint8Array, order: bigint): Uint8Array {
  const half = signature.length / 2;
  const s = BigInt(`0x${toHex(signature.subarray(half))}`);
  if (2n * s <= order) return signature;
  const lower = fromHex((order - s).toString(16).padStart(2 * half, '0'));
  if (lower === undefined) throw new RangeError('s is above the group order');
  const normal = Uint8Array.from(signature);
  normal.set(lower, half);
  return normal;
}
