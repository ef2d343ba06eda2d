import {
  concatBytes,
  equalBytes,
  err,
  fault,
  ok,
  utf8,
  type Fault,
  type Random,
  type Result,
} from '../../std/index.ts';
import { nodeCrypto } from '../crypto/index.ts';
import { evaluate, multiply, weightsAt } from './gf256.ts';
import { decodeShare, type Share } from './share-text.ts';

/** How many there may be of one backup: more are no longer kept apart by anybody. */
export const MAX_SHARES = 64;
export const MIN_THRESHOLD = 2;
export const SHARED_SECRET_BYTES = 32;
export const BACKUP_ID_BYTES = 8;

/** Any `threshold` of `count` shares restore; fewer say nothing. */
export interface Sharing {
  readonly threshold: number;
  readonly count: number;
}

/** Reads `3/5`. Error: LS_SHARE_NUMBERS. */
export function parseSharing(text: string): Result<Sharing, Fault> {
  const [, m = '', n = ''] = /^([1-9][0-9]?)\/([1-9][0-9]?)$/.exec(text) ?? [];
  const [threshold, count] = [Number(m), Number(n)];
  if (m !== '' && threshold >= MIN_THRESHOLD && threshold <= count && count <= MAX_SHARES)
    return ok({ threshold, count });
  const detail = `${JSON.stringify(text.slice(0, 16))} is not M/N with ${MIN_THRESHOLD} ≤ M ≤ N ≤ ${MAX_SHARES}`;
  return err(fault('LS_SHARE_NUMBERS', detail));
}

/** Ties shares to the backup whose header has this salt. */
export function backupIdOf(salt: Uint8Array): Uint8Array {
  return nodeCrypto.sha256(utf8('lifesign/v1/backup-id'), salt).subarray(0, BACKUP_ID_BYTES);
}

/**
 * Splits 32 secret bytes by Shamir's scheme, each byte by a polynomial of its own whose other coefficients are random,
 * zero included. Requires: a sharing as parseSharing reads it.
 */
export function splitSecret(
  secret: Uint8Array,
  { threshold, count }: Sharing,
  backupId: Uint8Array,
  random: Random,
): readonly Share[] {
  const polynomials = [...secret].map((byte) =>
    concatBytes(Uint8Array.of(byte), random.bytes(threshold - 1)),
  );
  return Array.from({ length: count }, (_, i) => {
    const index = i + 1;
    const value = Uint8Array.from(polynomials, (polynomial) => evaluate(polynomial, index));
    return { backupId, threshold, index, value };
  });
}

/** What shares say before they are tried on a backup. */
export interface CombinedShares {
  readonly backupId: Uint8Array;
  readonly secret: Uint8Array;
}

/**
 * The secret of at least `threshold` shares of one backup; further ones have to fit them.
 * Errors: LS_SHARE_FORMAT, LS_SHARE_DAMAGED, LS_SHARE_MIXED, LS_SHARE_DUPLICATE, LS_SHARE_TOO_FEW.
 */
export function combineShares(texts: readonly string[]): Result<CombinedShares, Fault> {
  const shares: Share[] = [];
  for (const [i, text] of texts.entries()) {
    const share = decodeShare(text);
    if (!share.ok)
      return err({ ...share.error, detail: `share ${i + 1} of those given ${share.error.detail}` });
    const problem = mismatch(shares, share.value);
    if (problem !== undefined) return err(problem);
    shares.push(share.value);
  }
  const [first] = shares;
  if (first === undefined || shares.length < first.threshold) {
    const wanted = first === undefined ? 'at least 2' : String(first.threshold);
    return err(fault('LS_SHARE_TOO_FEW', `${shares.length} given, ${wanted} wanted`));
  }
  const base = shares.slice(0, first.threshold);
  const stranger = shares
    .slice(first.threshold)
    .find(({ index, value }) => !equalBytes(valueAt(index, base), value));
  if (stranger !== undefined)
    return err(fault('LS_SHARE_MIXED', `share number ${stranger.index} does not fit the others`));
  return ok({ backupId: first.backupId, secret: valueAt(0, base) });
}

function mismatch([first, ...others]: readonly Share[], share: Share): Fault | undefined {
  if (first === undefined) return undefined;
  if (!equalBytes(first.backupId, share.backupId))
    return fault('LS_SHARE_MIXED', `share number ${share.index} is of another backup than the first`);
  if (first.threshold !== share.threshold)
    return fault('LS_SHARE_MIXED', `share number ${share.index} has another threshold than the first`);
  const same = [first, ...others].find(({ index }) => index === share.index);
  if (same === undefined) return undefined;
  return equalBytes(same.value, share.value)
    ? fault('LS_SHARE_DUPLICATE', `share number ${share.index} is given twice`)
    : fault('LS_SHARE_MIXED', `two different shares have the number ${share.index}`);
}

function valueAt(x: number, shares: readonly Share[]): Uint8Array {
  const weights = weightsAt(
    x,
    shares.map(({ index }) => index),
  );
  return Uint8Array.from({ length: SHARED_SECRET_BYTES }, (_, at) =>
    shares.reduce((sum, { value }, i) => sum ^ multiply(weights[i] ?? 0, value[at] ?? 0), 0),
  );
}
