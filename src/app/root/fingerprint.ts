import { fault, LsError } from '../../std/index.ts';

/** 128 bits: nobody finds a second key for them. */
export const MIN_FINGERPRINT_DIGITS = 32;
const FINGERPRINT = /^[0-9a-f]{32,64}$/;

/** Hex digits of a SHA-256 that somebody has read off; colons and blanks are for the eye. Throws LS_CEREMONY_KEY. */
export function fingerprintOf(text: string): string {
  const digits = text.replaceAll(/[: ]/g, '').toLowerCase();
  if (FINGERPRINT.test(digits)) return digits;
  throw new LsError(
    fault('LS_CEREMONY_KEY', `a fingerprint has ${MIN_FINGERPRINT_DIGITS} to 64 hexadecimal digits`),
  );
}
