import { fault, LsError, unixMs, type UnixMs } from '../../std/index.ts';
import { plain } from '../crypto/node-crypto.ts';

/* What readers of the CA's answers share. Each throws LS_API_RESPONSE. */

export function checked<T>(isAsExpected: (body: unknown) => body is T, body: unknown): T {
  if (!isAsExpected(body)) throw unreadable('it has not the form expected');
  return body;
}

/** Longer members are decoded into memory that threads share. */
const LARGE_TEXT_CHARS = 256 * 1024;

/** Strict: nothing but the canonical text of some bytes. */
export function bytesOf(base64Text: string): Uint8Array {
  const bytes =
    base64Text.length > LARGE_TEXT_CHARS ? sharedBytes(base64Text) : Buffer.from(base64Text, 'base64');
  if (bytes.toString('base64') !== base64Text) throw unreadable('a member is not base64');
  return plain(bytes);
}

/** In memory that another thread may see: what is that long is a CRL, and is checked there. */
function sharedBytes(base64Text: string): Buffer {
  const bytes = Buffer.from(new SharedArrayBuffer(Buffer.byteLength(base64Text, 'base64')));
  return bytes.subarray(0, bytes.write(base64Text, 'base64'));
}

export function timeOf(iso: string): UnixMs {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) throw unreadable('a time is not RFC 3339');
  return unixMs(time);
}

export function known<T>(value: T | undefined, member: string): T {
  if (value === undefined) throw unreadable(`${member} is malformed`);
  return value;
}

export function unreadable(why: string): LsError {
  return new LsError(fault('LS_API_RESPONSE', `the answer of the CA is not readable: ${why}`));
}
