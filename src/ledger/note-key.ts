import { concatBytes, err, equalBytes, fault, ok, toHex, utf8 } from '../std/index.ts';
import type { CryptoPort, Fault, Result } from '../std/index.ts';
import { fromBase64, toBase64 } from './base64.ts';

/** Bytes of a raw Ed25519 public key. */
export const LOG_KEY_BYTES = 32;
export const NOTE_KEY_ID_BYTES = 4;

/** A public key that may sign notes under a name. */
export interface NoteKey {
  /** Not empty, without spaces and `+`. */
  readonly name: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** First 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ publicKey). */
  readonly id: Uint8Array;
}

/** The signature type byte of Ed25519 in key ids and verifier keys. Source: C2SP signed-note. */
const ED25519_TYPE = 0x01;
const NEWLINE = 0x0a;
/** DER SubjectPublicKeyInfo of an Ed25519 key up to the key itself. Source: RFC 8410 §4, §10.1. */
const ED25519_SPKI_PREFIX = Uint8Array.of(
  0x30,
  0x2a,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x03,
  0x21,
  0x00,
);
const BAD_NAME = /[\p{White_Space}\p{Cc}+]/u;

/** Errors: LS_LEDGER_NOTE_KEY for a bad name or length. */
export function noteKey(
  name: string,
  publicKey: Uint8Array,
  crypto: Pick<CryptoPort, 'sha256'>,
): Result<NoteKey, Fault> {
  if (!isNoteKeyName(name)) return refuse(`"${name}" can't be a key name`);
  if (publicKey.length !== LOG_KEY_BYTES) return refuse(`a key of ${String(publicKey.length)} bytes`);
  const digest = crypto.sha256(concatBytes(utf8(name), Uint8Array.of(NEWLINE, ED25519_TYPE), publicKey));
  return ok({ name, publicKey, id: digest.slice(0, NOTE_KEY_ID_BYTES) });
}

export function isNoteKeyName(name: string): boolean {
  return name.length > 0 && !BAD_NAME.test(name);
}

/** `<name>+<key id in hex>+<base64 of type and key>`, the form that Go's x/mod/sumdb/note reads. */
export function formatVerifierKey(key: NoteKey): string {
  const typed = concatBytes(Uint8Array.of(ED25519_TYPE), key.publicKey);
  return `${key.name}+${toHex(key.id)}+${toBase64(typed)}`;
}

/** Errors: LS_LEDGER_NOTE_KEY, also when the id does not belong to the key. */
export function parseVerifierKey(text: string, crypto: Pick<CryptoPort, 'sha256'>): Result<NoteKey, Fault> {
  const parts = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text);
  const [, name = '', id = '', encoded = ''] = parts ?? [];
  const typed = fromBase64(encoded);
  if (parts === null || typed?.[0] !== ED25519_TYPE) return refuse('not an Ed25519 verifier key');
  const key = noteKey(name, typed.slice(1), crypto);
  if (!key.ok) return key;
  return toHex(key.value.id) === id ? key : refuse(`key id ${id} does not belong to the key`);
}

/** DER SubjectPublicKeyInfo of a raw Ed25519 key. */
export function spkiOfLogKey(publicKey: Uint8Array): Uint8Array {
  return concatBytes(ED25519_SPKI_PREFIX, publicKey);
}

/** The raw 32-byte key in an Ed25519 SubjectPublicKeyInfo; undefined for any other key. */
export function logKeyOfSpki(spki: Uint8Array): Uint8Array | undefined {
  const start = ED25519_SPKI_PREFIX.length;
  if (spki.length !== start + LOG_KEY_BYTES) return undefined;
  return equalBytes(spki.subarray(0, start), ED25519_SPKI_PREFIX) ? spki.slice(start) : undefined;
}

function refuse(detail: string): Result<never, Fault> {
  return err(fault('LS_LEDGER_NOTE_KEY', detail));
}
