import { utf8 } from '../../src/std/index.ts';
import { encodeCbor, encodeSign1, type CborValue } from '../../src/codec/index.ts';

/** Bytes from hexadecimal with optional spaces. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

/** A COSE_Sign1 around any payload, with a signature that has the right form and verifies nowhere. */
export function unsignedRecord(payload: CborValue | Uint8Array): Uint8Array {
  const bytes = payload instanceof Uint8Array ? payload : encodeCbor(payload);
  return encodeSign1({ algorithm: 'Ed25519', payload: bytes, signature: new Uint8Array(64) });
}

/** One value of every kind that CBOR can bring to a field, by the name of the kind. */
export const valuesOfEveryKind: readonly (readonly [string, CborValue])[] = [
  ['an integer', 1],
  ['a negative integer', -1],
  ['text', 'x'],
  ['a byte string', utf8('x')],
  ['an array', [1]],
  ['a map', new Map([[1, 1]])],
  ['true', true],
  ['null', null],
];
