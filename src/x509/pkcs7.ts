import {
  contextConstructed,
  derElement,
  derOid,
  derSequence,
  derSetOf,
  derUnsigned,
} from '../codec/index.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const DATA = '1.2.840.113549.1.7.1';

/**
 * A SignedData that signs nothing and carries certificates (DER), in DER's order of a set: what RFC 7030 answers with.
 * Source: RFC 2315 §9.1, RFC 5751 §3.7.
 */
export function certsOnly(certificates: readonly Uint8Array[]): Uint8Array {
  const set = derSetOf(...certificates);
  const signedData = derSequence(
    derUnsigned(1),
    derSetOf(),
    derSequence(derOid(DATA)),
    // [0] IMPLICIT: the same content under another tag.
    retagged(set),
    derSetOf(),
  );
  return derSequence(derOid(SIGNED_DATA), derElement(contextConstructed(0), signedData));
}

function retagged(set: Uint8Array): Uint8Array {
  const copy = new Uint8Array(set);
  copy[0] = contextConstructed(0);
  return copy;
}
