import { concatBytes, equalBytes, err, fault, fromUtf8, ok, utf8 } from '../std/index.ts';
import type { CryptoPort, Fault, Result, Signer } from '../std/index.ts';
import { fromBase64, toBase64 } from './base64.ts';
import {
  isNoteKeyName,
  logKeyOfSpki,
  NOTE_KEY_ID_BYTES,
  noteKey,
  spkiOfLogKey,
  type NoteKey,
} from './note-key.ts';

/** Bytes of a whole note, signatures included. */
export const MAX_NOTE_BYTES = 65_536;
/** Signature lines of a note; the format asks readers to accept at least 16. */
export const MAX_NOTE_SIGNATURES = 100;

/** Text with signature lines, none of them verified. Source: C2SP signed-note. */
export interface Note {
  /** Ends in a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

const SIGNATURE_PREFIX = '\u2014 ';
const NEWLINE = 0x0a;
const SPACE = 0x20;

/**
 * Signs `text` under `name`, in the bytes that Go's x/mod/sumdb/note accepts.
 * Requires: an Ed25519 signer, a valid name, and text that ends in a newline and has no other control
 * characters; throws RangeError otherwise.
 */
export function signNote(
  text: string,
  name: string,
  signer: Signer,
  crypto: Pick<CryptoPort, 'sha256'>,
): Uint8Array {
  const publicKey = logKeyOfSpki(signer.spki);
  if (publicKey === undefined) throw new RangeError('notes are signed with Ed25519');
  const key = noteKey(name, publicKey, crypto);
  if (!key.ok) throw new RangeError(key.error.detail);
  if (!text.endsWith('\n') || hasControlCharacter(text)) throw new RangeError('not the text of a note');
  const signature = concatBytes(key.value.id, signer.sign(utf8(text)));
  return utf8(`${text}\n${SIGNATURE_PREFIX}${name} ${toBase64(signature)}\n`);
}

/** Reads a hostile note; verifies nothing. Errors: LS_LEDGER_NOTE. */
export function parseNote(bytes: Uint8Array): Result<Note, Fault> {
  if (bytes.length > MAX_NOTE_BYTES) return refuse(`${String(bytes.length)} bytes`);
  const whole = fromUtf8(bytes);
  if (whole === undefined || hasControlCharacter(whole)) return refuse('not text');
  const split = whole.lastIndexOf('\n\n');
  if (split < 0 || !whole.endsWith('\n')) return refuse('no signatures after an empty line');
  const lines = whole.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_NOTE_SIGNATURES) return refuse(`${String(lines.length)} signatures`);
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignature(line);
    if (signature === undefined)
      return refuse(`signature line ${String(signatures.length + 1)} is malformed`);
    signatures.push(signature);
  }
  return ok({ text: whole.slice(0, split + 1), signatures });
}

/**
 * The text of a note that `key` signed; its signatures by other keys are ignored.
 * Errors: LS_LEDGER_NOTE (malformed), LS_LEDGER_NOTE_KEY (not signed by `key`), LS_LEDGER_NOTE_SIGNATURE (forged).
 */
export function verifyNote(
  bytes: Uint8Array,
  key: NoteKey,
  crypto: Pick<CryptoPort, 'verify'>,
): Result<string, Fault> {
  const note = parseNote(bytes);
  if (!note.ok) return note;
  const { text, signatures } = note.value;
  const own = signatures.find(({ name, keyId }) => name === key.name && equalBytes(keyId, key.id));
  if (own === undefined) return err(fault('LS_LEDGER_NOTE_KEY', `no signature by the key of ${key.name}`));
  return crypto.verify('Ed25519', spkiOfLogKey(key.publicKey), utf8(text), own.signature)
    ? ok(text)
    : err(fault('LS_LEDGER_NOTE_SIGNATURE', `the signature of ${key.name} is false`));
}

function parseSignature(line: string): NoteSignature | undefined {
  if (!line.startsWith(SIGNATURE_PREFIX)) return undefined;
  const [name = '', encoded = '', ...more] = line.slice(SIGNATURE_PREFIX.length).split(' ');
  const bytes = fromBase64(encoded);
  if (more.length > 0 || !isNoteKeyName(name) || bytes === undefined) return undefined;
  if (bytes.length <= NOTE_KEY_ID_BYTES) return undefined;
  return { name, keyId: bytes.slice(0, NOTE_KEY_ID_BYTES), signature: bytes.slice(NOTE_KEY_ID_BYTES) };
}

/** Any character below U+0020 but the newline. */
function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < SPACE && code !== NEWLINE) return true;
  }
  return false;
}

function refuse(detail: string): Result<never, Fault> {
  return err(fault('LS_LEDGER_NOTE', detail));
}
