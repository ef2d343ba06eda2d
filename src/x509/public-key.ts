import {
  concatBytes,
  equalBytes,
  err,
  fault,
  ok,
  type CryptoPort,
  type Fault,
  type Result,
  type SignatureAlgorithm,
} from '../std/index.ts';
import { derBitString, derOid, derSequence, readDer, type DerReader } from '../codec/index.ts';

/** Longest SubjectPublicKeyInfo that is read: an RSA key of 16,384 bits. */
export const MAX_SPKI_BYTES = 4096;
/** Length of a key identifier. */
export const KEY_ID_BYTES = 20;

export interface PublicKeyInfo {
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Null for keys that lifesign does not use: other kinds, other curves, compressed points. */
  readonly keyAlgorithm: SignatureAlgorithm | null;
}

/** A key that a certificate can be issued for. Only {@link subjectKeyOf} makes one. */
export interface SubjectKey {
  readonly spki: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  /** 20 bytes. */
  readonly keyId: Uint8Array;
}

interface KnownKey {
  readonly algorithm: SignatureAlgorithm;
  /** Everything before the coordinates or the raw key. */
  readonly prefix: Uint8Array;
  readonly length: number;
}

/** First byte of an EC point with both coordinates. Source: SEC 1 §2.3.3. */
const UNCOMPRESSED = Uint8Array.of(4);
const EC_PUBLIC_KEY = derOid('1.2.840.10045.2.1');
/** Sources: RFC 5480 §2.1.1 (named curves only) and §2.2 (uncompressed points), RFC 8410 §4. */
const KNOWN_KEYS: readonly KnownKey[] = [
  knownKey('ES256', derSequence(EC_PUBLIC_KEY, derOid('1.2.840.10045.3.1.7')), UNCOMPRESSED, 64),
  knownKey('ES384', derSequence(EC_PUBLIC_KEY, derOid('1.3.132.0.34')), UNCOMPRESSED, 96),
  knownKey('Ed25519', derSequence(derOid('1.3.101.112')), new Uint8Array(), 32),
];

/** Reads a SubjectPublicKeyInfo of any kind. */
export function readPublicKey(reader: DerReader): PublicKeyInfo {
  const { der: spki } = reader.captured(subjectPublicKey);
  return { spki, keyAlgorithm: keyAlgorithmOf(spki) };
}

/** The key as the subject of a certificate. Errors: LS_DER_*, LS_X509_KEY_ALGORITHM. */
export function subjectKeyOf(spki: Uint8Array, crypto: CryptoPort): Result<SubjectKey, Fault> {
  const parsed = readDer('SubjectPublicKeyInfo', spki, MAX_SPKI_BYTES, readPublicKey);
  if (!parsed.ok) return parsed;
  const algorithm = parsed.value.keyAlgorithm;
  if (algorithm === null) {
    return err(fault('LS_X509_KEY_ALGORITHM', 'the public key is neither P-256, P-384 nor Ed25519'));
  }
  const keyId = keyIdOf(spki, crypto);
  return keyId.ok ? ok({ spki, algorithm, keyId: keyId.value }) : keyId;
}

/**
 * Key identifier: the leftmost 160 bits of SHA-256 over the subjectPublicKey bits. 20 bytes.
 * Source: RFC 7093 §2, method 1.
 */
export function keyIdOf(spki: Uint8Array, crypto: CryptoPort): Result<Uint8Array, Fault> {
  const bits = publicKeyBits(spki);
  return bits.ok ? ok(crypto.sha256(bits.value).slice(0, KEY_ID_BYTES)) : bits;
}

/** The bits of the key itself: content of subjectPublicKey without the count of unused bits. */
export function publicKeyBits(spki: Uint8Array): Result<Uint8Array, Fault> {
  return readDer('SubjectPublicKeyInfo', spki, MAX_SPKI_BYTES, subjectPublicKey);
}

function subjectPublicKey(reader: DerReader): Uint8Array {
  return reader.sequence((body) => {
    body.sequence((algorithm) => {
      algorithm.oid();
      if (!algorithm.atEnd) algorithm.any();
    });
    return body.bitStringBytes();
  });
}

function keyAlgorithmOf(spki: Uint8Array): SignatureAlgorithm | null {
  const known = KNOWN_KEYS.find(
    (key) => spki.length === key.length && equalBytes(spki.subarray(0, key.prefix.length), key.prefix),
  );
  return known?.algorithm ?? null;
}

function knownKey(
  algorithm: SignatureAlgorithm,
  identifier: Uint8Array,
  form: Uint8Array,
  coordinateBytes: number,
): KnownKey {
  const sample = derSequence(identifier, derBitString(concatBytes(form, new Uint8Array(coordinateBytes))));
  return { algorithm, prefix: sample.subarray(0, sample.length - coordinateBytes), length: sample.length };
}
