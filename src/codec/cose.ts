import { compareBytes, concatBytes, equalBytes, err, fault, fromHex, ok } from '../std/index.ts';
import type { Fault, Result, SignatureAlgorithm } from '../std/index.ts';
import { decodeCbor } from './cbor-decode.ts';
import { encodeCbor } from './cbor-encode.ts';
import { isCborArray } from './cbor-value.ts';
import type { CborLimits, CborValue } from './cbor-value.ts';

/** A parsed COSE_Sign1: protected header `{1: alg}`, empty unprotected header, payload attached. */
export interface Sign1 {
  readonly algorithm: SignatureAlgorithm;
  readonly payload: Uint8Array;
  /** 64 bytes: r‖s with s in the lower half of the order for ES256, the Ed25519 signature otherwise. */
  readonly signature: Uint8Array;
}

export interface Sign1Options {
  /** With the tag 18 of exported files; records on the wire have none. Default false. */
  readonly tagged?: boolean;
}

/** Length of every signature that a record can carry, in bytes. */
export const SIGNATURE_BYTES = 64;

/** CBOR tag 18, COSE_Sign1. Source: RFC 9052 §4.2. */
const TAG_SIGN1 = 0xd2;
const CONTEXT = 'Signature1';
/** The four elements; what a non-empty unprotected header may hold before the error is about its size. */
const SIGN1_LIMITS = { maxDepth: 3, maxItems: 32 } as const;
const HEADER_LIMITS: CborLimits = { maxBytes: 64, maxDepth: 4, maxItems: 16 };
const HEADER_ALG = 1;

/** Encoded protected headers `{1: -7}` and `{1: -8}`. Source: RFC 9053 §2.1, §2.2. */
const PROTECTED = {
  ES256: Uint8Array.of(0xa1, 0x01, 0x26),
  Ed25519: Uint8Array.of(0xa1, 0x01, 0x27),
} as const;

/** ⌊n / 2⌋ for the order n of P-256, big-endian. */
const P256_HALF_ORDER =
  fromHex('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8') ?? new Uint8Array();

/**
 * The bytes that are signed: `["Signature1", protected, external_aad, payload]`.
 * Requires: `algorithm` is ES256 or Ed25519 (RangeError otherwise).
 * Source: RFC 9052 §4.4.
 */
export function sigStructure(
  algorithm: SignatureAlgorithm,
  externalAad: Uint8Array,
  payload: Uint8Array,
): Uint8Array {
  return encodeCbor([CONTEXT, protectedHeader(algorithm), externalAad, payload]);
}

export function encodeSign1(sign1: Sign1, options: Sign1Options = {}): Uint8Array {
  const header = protectedHeader(sign1.algorithm);
  const untagged = encodeCbor([header, new Map(), sign1.payload, sign1.signature]);
  return options.tagged === true ? tagSign1(untagged) : untagged;
}

/** Puts the tag of exported files before a COSE_Sign1 that has none. */
export function tagSign1(untagged: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(TAG_SIGN1), untagged);
}

/**
 * Parses a hostile COSE_Sign1 of at most `maxBytes`. Accepts one encoding only: what `encodeSign1` writes.
 * The signature is not verified, but one that could not verify, or verify in two forms, is refused.
 *
 * Errors: LS_CBOR_*, LS_COSE_STRUCTURE, LS_COSE_HEADER, LS_COSE_ALGORITHM, LS_COSE_SIGNATURE_LENGTH, LS_COSE_HIGH_S.
 * Source: RFC 9052 §4.2.
 */
export function decodeSign1(
  bytes: Uint8Array,
  maxBytes: number,
  options: Sign1Options = {},
): Result<Sign1, Fault> {
  const tagged = options.tagged === true;
  if (tagged && bytes[0] !== TAG_SIGN1) return structure('the tag 18 of an exported record is missing');
  if (!tagged && bytes[0] === TAG_SIGN1) return structure('a tag 18, which records on the wire do not have');
  const decoded = decodeCbor(tagged ? bytes.subarray(1) : bytes, { ...SIGN1_LIMITS, maxBytes });
  if (!decoded.ok) return decoded;
  const parts = partsOf(decoded.value);
  if (!parts.ok) return parts;
  const { header, payload, signature } = parts.value;
  const algorithm = algorithmOf(header);
  if (!algorithm.ok) return algorithm;
  const checked = checkSignatureForm(algorithm.value, signature);
  return checked.ok ? ok({ algorithm: algorithm.value, payload, signature }) : checked;
}

/**
 * Whether `signature` has the one form we accept for `algorithm`: 64 bytes and, for ES256, s not above half the order.
 * Errors: LS_COSE_SIGNATURE_LENGTH, LS_COSE_HIGH_S.
 */
export function checkSignatureForm(
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
): Result<Uint8Array, Fault> {
  if (signature.length !== SIGNATURE_BYTES) {
    const detail = `${String(signature.length)} bytes, ${String(SIGNATURE_BYTES)} expected`;
    return err(fault('LS_COSE_SIGNATURE_LENGTH', detail));
  }
  if (algorithm === 'ES256' && !isLowS(signature)) {
    return err(fault('LS_COSE_HIGH_S', 'the ECDSA signature has s above half the order'));
  }
  return ok(signature);
}

/**
 * True for a P-256 signature r‖s (64 bytes) with s in the lower half of the order. Of the two signatures (r, s) and
 * (r, n − s) that any verifier accepts this keeps one, so a third party can't make a second form of a record.
 */
export function isLowS(signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_BYTES && compareBytes(signature.subarray(32), P256_HALF_ORDER) <= 0;
}

function protectedHeader(algorithm: SignatureAlgorithm): Uint8Array {
  if (algorithm === 'ES384')
    throw new RangeError('COSE: records are signed with ES256 or Ed25519, not ES384');
  return PROTECTED[algorithm];
}

interface Parts {
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

function partsOf(value: CborValue): Result<Parts, Fault> {
  const parts = isCborArray(value) ? value : [];
  const [header, unprotected, payload, signature] = parts;
  if (parts.length !== 4) return structure('not an array of four');
  if (!(header instanceof Uint8Array)) return structure('the protected header is not a byte string');
  if (!(unprotected instanceof Map)) return structure('the unprotected header is not a map');
  if (unprotected.size > 0) return err(fault('LS_COSE_HEADER', 'the unprotected header is not empty'));
  if (!(payload instanceof Uint8Array)) return structure('the payload is not an attached byte string');
  if (!(signature instanceof Uint8Array)) return structure('the signature is not a byte string');
  return ok({ header, payload, signature });
}

function algorithmOf(header: Uint8Array): Result<'ES256' | 'Ed25519', Fault> {
  if (equalBytes(header, PROTECTED.ES256)) return ok('ES256');
  if (equalBytes(header, PROTECTED.Ed25519)) return ok('Ed25519');
  const decoded = decodeCbor(header, HEADER_LIMITS);
  if (decoded.ok && namesOnlyAnAlgorithm(decoded.value)) {
    return err(fault('LS_COSE_ALGORITHM', 'the algorithm is neither ES256 (-7) nor EdDSA (-8)'));
  }
  return err(fault('LS_COSE_HEADER', 'the protected header is not exactly {1: alg}'));
}

function namesOnlyAnAlgorithm(header: CborValue): boolean {
  return header instanceof Map && header.size === 1 && header.has(HEADER_ALG);
}

function structure(detail: string): { readonly ok: false; readonly error: Fault } {
  return err(fault('LS_COSE_STRUCTURE', detail));
}
