import { randomBytes } from 'node:crypto';

/*
 * Every transaction that commits leaves a mark of its store object, so that an object which lost its connection while
 * it committed can look what has become of it. A mark is a row of `meta`: the object's random name, and a number that
 * grows with each commit, the time in milliseconds since 1970 or one more than the number before.
 */

const NAME_BYTES = 16;
/** A copy of the store leaves these rows out: see copiedRows. */
const PREFIX = 'commit:';
/** Nobody is in doubt for so long. */
const KEPT_MS = 24 * 60 * 60 * 1_000;

export function newMark(): string {
  return PREFIX + randomBytes(NAME_BYTES).toString('hex');
}

/** SQL text, in the transaction that commits. */
export function markCommit(mark: string, number: number): string {
  return `INSERT INTO meta (name, value) VALUES ('${mark}', ${number})
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
}

/** SQL text: removes the marks of objects that have not committed for a day. */
export function forgetOldMarks(nowMs: number): string {
  return `DELETE FROM meta WHERE name LIKE '${PREFIX}%' AND value < ${nowMs - KEPT_MS}`;
}
