import { describe, expect, it } from 'vitest';
import {
  formatVerifierKey,
  LOG_KEY_BYTES,
  logKeyOfSpki,
  MAX_NOTE_BYTES,
  MAX_NOTE_SIGNATURES,
  noteKey,
  parseNote,
  parseVerifierKey,
  signNote,
  spkiOfLogKey,
  verifyNote,
  type NoteKey,
} from '../../../src/ledger/index.ts';
import { utf8 } from '../../../src/std/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';

/** The published example of Go's golang.org/x/mod/sumdb/note. */
const GO_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const GO_NOTE =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n\n" +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const signer = testKey('Ed25519');
const name = 'lifesign/mesh.internal/000102030405060708090a0b0c0d0e0f';
const key = keyOf(name, signer.spki);
const text = 'some text\n\nin two paragraphs\n';

describe('a signed note', () => {
  it('of Go verifies with its published key', () => {
    const goKey = valueOf(parseVerifierKey(GO_KEY, testCrypto));
    expect(formatVerifierKey(goKey)).toBe(GO_KEY);
    expect(valueOf(verifyNote(utf8(GO_NOTE), goKey, testCrypto))).toContain('If you think');
  });

  it('that we sign verifies, and its text is what was signed', () => {
    expect(valueOf(verifyNote(signNote(text, name, signer, testCrypto), key, testCrypto))).toBe(text);
  });

  it('splits text and signatures at the last empty line', () => {
    const note = valueOf(parseNote(signNote(text, name, signer, testCrypto)));
    expect(note.text).toBe(text);
    expect(note.signatures.map((signature) => signature.name)).toEqual([name]);
  });

  it('verifies when other keys signed it too, before or after ours', () => {
    const line = lineOf(signNote(text, name, signer, testCrypto));
    const foreign = lineOf(signNote(text, 'other', testKey('Ed25519'), testCrypto));
    for (const lines of [`${line}${foreign}`, `${foreign}${line}`]) {
      expect(verifyNote(utf8(`${text}\n${lines}`), key, testCrypto).ok).toBe(true);
    }
  });

  it('is refused when any byte of it changes', () => {
    const note = signNote(text, name, signer, testCrypto);
    for (let at = 0; at < note.length; at++) {
      const altered = note.slice();
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(verifyNote(altered, key, testCrypto).ok, `byte ${String(at)}`).toBe(false);
    }
  });

  it('is refused when another key signed it under our name', () => {
    const forged = signNote(text, name, testKey('Ed25519'), testCrypto);
    expect(codeOf(verifyNote(forged, key, testCrypto))).toBe('LS_LEDGER_NOTE_KEY');
  });

  it('is refused when our key signed it under another name', () => {
    const renamed = signNote(text, 'other', signer, testCrypto);
    expect(codeOf(verifyNote(renamed, key, testCrypto))).toBe('LS_LEDGER_NOTE_KEY');
  });

  it('is refused when its key id is ours and its signature is not', () => {
    const other = lineOf(signNote('other text\n', name, signer, testCrypto));
    const forged = utf8(`${text}\n${other}`);
    expect(codeOf(verifyNote(forged, key, testCrypto))).toBe('LS_LEDGER_NOTE_SIGNATURE');
  });

  it.each([
    ['nothing', ''],
    ['no signature', 'text\n'],
    ['no empty line', 'text\n— a AAAAAAE=\n'],
    ['an empty signature block', 'text\n\n'],
    ['no final newline', 'text\n\n— a AAAAAAE='],
    ['a hyphen for the dash', 'text\n\n- a AAAAAAE=\n'],
    ['a name with a plus', 'text\n\n— a+b AAAAAAE=\n'],
    ['an empty name', 'text\n\n—  AAAAAAE=\n'],
    ['a third word', 'text\n\n— a AAAAAAE= b\n'],
    ['a signature without bytes after the key id', 'text\n\n— a AAAAAA==\n'],
    ['base64 that is not canonical', 'text\n\n— a AAAAAAF=\n'],
    ['base64 without padding', 'text\n\n— a AAAAAAE\n'],
    ['a carriage return', 'text\r\n\n— a AAAAAAE=\n'],
    ['a NUL', 'te\u0000xt\n\n— a AAAAAAE=\n'],
  ])('is refused with %s', (_, note) => {
    expect(codeOf(parseNote(utf8(note)))).toBe('LS_LEDGER_NOTE');
  });

  it('is refused when it is not UTF-8', () => {
    expect(codeOf(parseNote(Uint8Array.of(0xff, 0x0a, 0x0a)))).toBe('LS_LEDGER_NOTE');
  });

  it('has a bound on its bytes', () => {
    const note = (length: number): Uint8Array => utf8(`${'x'.repeat(length - 17)}\n\n— a AAAAAAE=\n`);
    expect(note(MAX_NOTE_BYTES)).toHaveLength(MAX_NOTE_BYTES);
    expect(parseNote(note(MAX_NOTE_BYTES)).ok).toBe(true);
    expect(codeOf(parseNote(note(MAX_NOTE_BYTES + 1)))).toBe('LS_LEDGER_NOTE');
  });

  it('has a bound on its signatures', () => {
    const note = (count: number): Uint8Array => utf8(`text\n\n${'— a AAAAAAE=\n'.repeat(count)}`);
    expect(parseNote(note(MAX_NOTE_SIGNATURES)).ok).toBe(true);
    expect(codeOf(parseNote(note(MAX_NOTE_SIGNATURES + 1)))).toBe('LS_LEDGER_NOTE');
  });

  it('is never signed with bad text, a bad name or a key that is not Ed25519', () => {
    expect(() => signNote('no newline', name, signer, testCrypto)).toThrow(RangeError);
    expect(() => signNote('a\tb\n', name, signer, testCrypto)).toThrow(RangeError);
    expect(() => signNote(text, 'two words', signer, testCrypto)).toThrow(RangeError);
    expect(() => signNote(text, name, testKey('ES256'), testCrypto)).toThrow(RangeError);
  });
});

describe('a verifier key', () => {
  it('is read back from its text', () => {
    expect(valueOf(parseVerifierKey(formatVerifierKey(key), testCrypto))).toEqual(key);
  });

  it.each([
    ['empty', ''],
    ['without a key', 'name+00000000'],
    ['of another type', 'PeterNeumann+c74f20a3+Alpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['with the id of another key', GO_KEY.replace('c74f20a3', 'c74f20a4')],
    ['with a short key', 'PeterNeumann+c74f20a3+ARpc2QcU'],
  ])('is refused when it is %s', (_, vkey) => {
    expect(codeOf(parseVerifierKey(vkey, testCrypto))).toBe('LS_LEDGER_NOTE_KEY');
  });

  it('has a name without spaces, control characters and plus', () => {
    for (const bad of ['', 'a b', 'a\u00a0b', 'a+b', 'a\nb', 'a\u0085b']) {
      expect(codeOf(noteKey(bad, key.publicKey, testCrypto))).toBe('LS_LEDGER_NOTE_KEY');
    }
  });

  it('converts to and from a SubjectPublicKeyInfo', () => {
    expect(spkiOfLogKey(key.publicKey)).toEqual(signer.spki);
    expect(logKeyOfSpki(signer.spki)).toHaveLength(LOG_KEY_BYTES);
    expect(logKeyOfSpki(testKey('ES256').spki)).toBeUndefined();
    expect(logKeyOfSpki(signer.spki.slice(0, -1))).toBeUndefined();
  });
});

function keyOf(keyName: string, spki: Uint8Array): NoteKey {
  return valueOf(noteKey(keyName, logKeyOfSpki(spki) ?? new Uint8Array(0), testCrypto));
}

function lineOf(note: Uint8Array): string {
  const whole = new TextDecoder().decode(note);
  return whole.slice(whole.lastIndexOf('\n\n') + 2);
}
