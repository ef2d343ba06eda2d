import { fault, LsError, unixMs, type UnixMs } from '../../std/index.ts';
import { plain } from '../crypto/node-crypto.ts';

/* What readers of the CA's answers share. Each throws LS_API_RESPONSE. */

export function checked<T>(isAsExpected: (body: unknown) => body is T, body: unknown): T {
  if (!isAsExpected(body)) throw unreadable('it has not the form expected');
  return body;
}

/** Strict: nothing but the canonical text of some bytes. */
export function bytesOf(base64Text: string): Uint8Array {
  const bytes = Buffer.from(base64Text, 'base64');
  if (bytes.toString('base64') !== base64Text) throw unreadable('a member is not base64');
  return plain(bytes);
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
