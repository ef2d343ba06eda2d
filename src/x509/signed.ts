import { concatBytes, equalBytes, type CryptoPort, type Signer } from '../std/index.ts';
import {
  derBitString,
  derSequence,
  derTag,
  ecdsaSignatureFromDer,
  ecdsaSignatureToDer,
  readDer,
  type DerReader,
} from '../codec/index.ts';
import { encodeAlgorithm, readAlgorithm, type AlgorithmIdentifier } from './algorithm.ts';

/** What certificates, CRLs and CSRs have in common: signed bytes, algorithm, signature. */
export interface SignedObject {
  /** The DER bytes the signature covers. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  /** Content of the signature BIT STRING (for ECDSA a DER ECDSA-Sig-Value, not r‖s). */
  readonly signature: Uint8Array;
}

/** What is inside the signed bytes; `algorithm` is undefined where the structure does not repeat it (CSRs). */
interface Inside<T> {
  readonly algorithm: AlgorithmIdentifier | undefined;
  readonly value: T;
}

/**
 * Reads `SIGNED{…}`; the algorithm inside must equal the one outside byte by byte
 * (LS_X509_ALGORITHM_MISMATCH). Source: RFC 5280 §4.1.1.2.
 */
export function readSigned<T>(
  reader: DerReader,
  readTbs: (reader: DerReader) => Inside<T>,
): T & SignedObject {
  return reader.sequence((body) => {
    const { value: inside, der: tbs } = body.captured(() => body.sequence(readTbs));
    const signatureAlgorithm = readAlgorithm(body);
    if (inside.algorithm !== undefined && !equalBytes(inside.algorithm.der, signatureAlgorithm.der)) {
      throw body.refusal('LS_X509_ALGORITHM_MISMATCH', 'signature algorithms inside and outside differ');
    }
    return { ...inside.value, tbs, signatureAlgorithm, signature: body.bitStringBytes() };
  });
}

/**
 * True when the signature is by the key in `spki`. False also for algorithms that lifesign does not use, for
 * signatures that are not strict DER, and for keys of another algorithm. s may be in either half: CAs of
 * others do not normalise it, and certificates are never identified by their hash.
 */
export function verifySigned(crypto: CryptoPort, signed: SignedObject, spki: Uint8Array): boolean {
  const { algorithm } = signed.signatureAlgorithm;
  if (algorithm === null) return false;
  if (algorithm === 'Ed25519') return crypto.verify(algorithm, spki, signed.tbs, signed.signature);
  const signature = ecdsaSignatureFromDer(algorithm, signed.signature);
  return signature.ok && crypto.verify(algorithm, spki, signed.tbs, signature.value);
}

/** Signs the bytes and assembles `SIGNED{…}`. Requires: `tbs` names the signer's algorithm where it has one. */
export function signObject(tbs: Uint8Array, signer: Signer): Uint8Array {
  return derSequence(tbs, signatureElements(tbs, signer));
}

/** What follows the signed bytes in `SIGNED{…}`: the algorithm and the signature. */
export function signatureElements(tbs: Uint8Array, signer: Signer): Uint8Array {
  return concatBytes(encodeAlgorithm(signer.algorithm), derBitString(signedBits(tbs, signer)));
}

/** The bytes that the signature of a `SIGNED{…}` covers, without a look at what they say; undefined for anything else. */
export function signedBytesOf(der: Uint8Array): Uint8Array | undefined {
  const read = readDer('signed object', der, der.length, (reader) =>
    reader.sequence((body) => {
      const { der: tbs } = body.element(derTag.sequence);
      readAlgorithm(body);
      body.bitStringBytes();
      return tbs;
    }),
  );
  return read.ok ? read.value : undefined;
}

/** A signature as X.509 structures hold it: content of the BIT STRING. */
export function signedBits(tbs: Uint8Array, signer: Signer): Uint8Array {
  const signature = signer.sign(tbs);
  return signer.algorithm === 'Ed25519' ? signature : ecdsaSignatureToDer(signer.algorithm, signature);
}
