import { compareBytes, concatBytes, fault, fromHex, ok, err, type Fault, type Result } from '../std/index.ts';
import { readDer } from './der/reader.ts';
import { derMagnitude, derSequence } from './der/writer.ts';

export type EcdsaAlgorithm = 'ES256' | 'ES384';

/** Bytes of r and of s. */
const FIELD_BYTES: Readonly<Record<EcdsaAlgorithm, number>> = { ES256: 32, ES384: 48 };
/** Largest DER: two INTEGERs of 49 bytes with their headers. */
const MAX_ECDSA_SIG_VALUE_BYTES = 104;

/** Group orders. Source: FIPS 186-5 / SP 800-186 §3.2.1. */
const ORDERS: Readonly<Record<EcdsaAlgorithm, Uint8Array>> = {
  ES256: hex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'),
  ES384: hex(
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  ),
};

/**
 * r‖s of a DER ECDSA-Sig-Value (RFC 3279 §2.2.3): two positive minimal INTEGERs below the group order.
 * s may be in either half. Errors: LS_DER_*, LS_DER_SIGNATURE.
 */
export function ecdsaSignatureFromDer(algorithm: EcdsaAlgorithm, der: Uint8Array): Result<Uint8Array, Fault> {
  const size = FIELD_BYTES[algorithm];
  const parts = readDer('ECDSA-Sig-Value', der, MAX_ECDSA_SIG_VALUE_BYTES, (reader) =>
    reader.sequence((body) => ({ r: body.integerBytes(size + 1), s: body.integerBytes(size + 1) })),
  );
  if (!parts.ok) return parts;
  const r = scalar(algorithm, parts.value.r);
  const s = scalar(algorithm, parts.value.s);
  if (r === undefined || s === undefined) {
    return err(
      fault('LS_DER_SIGNATURE', `ECDSA-Sig-Value: r or s is not between 1 and the order of ${algorithm}`),
    );
  }
  return ok(concatBytes(r, s));
}

/** DER ECDSA-Sig-Value of r‖s. Requires: 64 bytes for ES256, 96 for ES384; throws RangeError otherwise. */
export function ecdsaSignatureToDer(algorithm: EcdsaAlgorithm, signature: Uint8Array): Uint8Array {
  const size = FIELD_BYTES[algorithm];
  if (signature.length !== 2 * size)
    throw new RangeError(`${algorithm} signature of ${signature.length} bytes`);
  return derSequence(derMagnitude(signature.subarray(0, size)), derMagnitude(signature.subarray(size)));
}

/**
 * The one of (r, s) and (r, n − s) whose s is in the lower half of the order: both verify, lifesign writes
 * and reads only this one, so that nobody can make a second form of a signature.
 * Requires: r‖s of the algorithm's length with 0 < s < n; throws RangeError for another length.
 */
export function toLowS(algorithm: EcdsaAlgorithm, signature: Uint8Array): Uint8Array {
  const size = FIELD_BYTES[algorithm];
  if (signature.length !== 2 * size)
    throw new RangeError(`${algorithm} signature of ${signature.length} bytes`);
  const s = signature.subarray(size);
  const mirrored = subtract(ORDERS[algorithm], s);
  return compareBytes(s, mirrored) <= 0 ? signature : concatBytes(signature.subarray(0, size), mirrored);
}

/** A DER INTEGER's content as a fixed-length scalar; undefined unless 0 < value < order. */
function scalar(algorithm: EcdsaAlgorithm, integer: Uint8Array): Uint8Array | undefined {
  const order = ORDERS[algorithm];
  const magnitude = integer[0] === 0 ? integer.subarray(1) : integer;
  if ((integer[0] ?? 0) >= 0x80 || magnitude.length === 0 || magnitude.length > order.length)
    return undefined;
  const fixed = new Uint8Array(order.length);
  fixed.set(magnitude, order.length - magnitude.length);
  return compareBytes(fixed, order) < 0 ? fixed : undefined;
}

/** a − b of two equally long big-endian numbers. Requires: a >= b. */
function subtract(a: Uint8Array, b: Uint8Array): Uint8Array {
  const difference = new Uint8Array(a.length);
  let borrow = 0;
  for (let i = a.length - 1; i >= 0; i--) {
    const digit = (a[i] ?? 0) - (b[i] ?? 0) - borrow;
    borrow = digit < 0 ? 1 : 0;
    difference[i] = digit + 256 * borrow;
  }
  return difference;
}

function hex(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new RangeError('malformed constant');
  return bytes;
}
