import type { Effect, NodeEvent } from '../../src/mesh/index.ts';
import { err, fault, type UnixMs } from '../../src/std/index.ts';
import { checkCrl, LARGE_CRL_BYTES } from '../../src/trust/index.ts';
import type { CrlEntry } from '../../src/x509/index.ts';
import { testCrypto } from './crypto.ts';

/** What the thread of a simulated node takes for a large CRL. */
export const CHECK_MS = 500;

/** What that thread finds out; nothing when it `fails`. */
export function answerToCheck(
  { token, check }: Extract<Effect, { readonly kind: 'check-crl' }>,
  fails: boolean,
): NodeEvent {
  const findings = fails ? err(fault('LS_CRL_CHECK_FAILED', 'simulated')) : checkCrl(check, testCrypto);
  return { kind: 'crl-checked', token, findings };
}

const ENTRY_BYTES = 37;

/** As many entries as make a CRL large enough to be checked in another thread. */
export const LARGE_CRL_ENTRIES = Math.ceil(LARGE_CRL_BYTES / ENTRY_BYTES) + 1;

export const serialOf = (i: number): string => `40${i.toString(16).padStart(30, '0')}`;

/** Entries with serials of their own, `unspecified`, all revoked at one time. */
export function manyEntries(revokedAt: UnixMs, count = LARGE_CRL_ENTRIES): readonly CrlEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    serialHex: serialOf(i),
    revokedAt,
    reason: 'superseded' as const,
    invalidityDate: undefined,
  }));
}
