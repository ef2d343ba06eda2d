import { concatBytes, err, fault, ok, utf8, equalBytes, type Fault, type Result } from '../../std/index.ts';
import { nodeCrypto } from '../crypto/index.ts';

/** One share of a backup's secret. Secret. */
export interface Share {
  /** 8 bytes: see backupIdOf. */
  readonly backupId: Uint8Array;
  /** How many restore: 2 to 64. */
  readonly threshold: number;
  /** 1 to 64, another for each share. */
  readonly index: number;
  /** 32 bytes. */
  readonly value: Uint8Array;
}

/** The prefix has the version; there are 16 groups of 5 characters. */
export const SHARE_PREFIX = 'lss1';
export const SHARE_CHARACTERS = 100;
/** Somebody types it: blanks and hyphens more or less do not matter. */
export const MAX_SHARE_CHARACTERS = 400;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const DIGITS = 80;
const GROUP = /.{5}/g;
const [ID_BYTES, VALUE_BYTES, CHECK_BYTES] = [8, 32, 8];
const BODY_BYTES = ID_BYTES + 2 + VALUE_BYTES;
const [LEAST, MOST] = [2, 64];

/** One line of 100 characters: `lss1-` and 16 groups of 5 letters and digits 2 to 7, which hands copy well. */
export function encodeShare({ backupId, threshold, index, value }: Share): string {
  const body = concatBytes(backupId, Uint8Array.of(threshold, index), value);
  const digits = base32(concatBytes(body, checkOf(body)));
  return [SHARE_PREFIX, ...(digits.match(GROUP) ?? [])].join('-');
}

/**
 * Reads a share; case, blanks and hyphens do not matter. Errors, with a detail that goes on after "share N": LS_SHARE_FORMAT,
 * LS_SHARE_DAMAGED when its check is wrong.
 */
export function decodeShare(text: string): Result<Share, Fault> {
  if (text.length > MAX_SHARE_CHARACTERS) return refuse('is too long');
  const letters = text.replaceAll(/[\s-]/g, '').toLowerCase();
  if (!letters.startsWith(SHARE_PREFIX)) return refuse(`does not begin with ${SHARE_PREFIX}`);
  const digits = letters.slice(SHARE_PREFIX.length);
  if (digits.length !== DIGITS)
    return refuse(`has ${digits.length} characters after ${SHARE_PREFIX}, not ${DIGITS}`);
  const bytes = fromBase32(digits);
  if (bytes === undefined) return refuse('has a character that is none of a to z and 2 to 7');
  const body = bytes.subarray(0, BODY_BYTES);
  if (!equalBytes(checkOf(body), bytes.subarray(BODY_BYTES)))
    return err(fault('LS_SHARE_DAMAGED', 'is not copied right: its check does not fit'));
  const [threshold = 0, index = 0] = body.subarray(ID_BYTES);
  if (threshold < LEAST || threshold > MOST || index < 1 || index > MOST)
    return refuse('has numbers out of bounds');
  return ok({ backupId: body.slice(0, ID_BYTES), threshold, index, value: body.slice(ID_BYTES + 2) });
}

/** Finds what hands do wrong; that the secret is right only the backup can tell. */
function checkOf(body: Uint8Array): Uint8Array {
  return nodeCrypto.sha256(utf8(`lifesign/v1/backup-share ${SHARE_PREFIX}`), body).subarray(0, CHECK_BYTES);
}

/** Source: RFC 4648 §6, lower case. Requires: a multiple of 5 bytes. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let [group, bits] = [0, 0];
  for (const byte of bytes) {
    group = ((group << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(group >> (bits - 5)) & 31] ?? '';
  }
  return text;
}

function fromBase32(digits: string): Uint8Array | undefined {
  const bytes: number[] = [];
  let [group, bits] = [0, 0];
  for (const digit of digits) {
    const value = ALPHABET.indexOf(digit);
    if (value === -1) return undefined;
    group = ((group << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((group >> bits) & 0xff);
  }
  return Uint8Array.from(bytes);
}

function refuse(detail: string): Result<never, Fault> {
  return err(fault('LS_SHARE_FORMAT', detail));
}
