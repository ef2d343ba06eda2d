/* Every bound of the membership records, named. The same bounds stand in docs/FORMATS.md. */

export const MAX_ACCUSATION_BYTES = 20 * 1024;
export const MAX_LEAVE_BYTES = 512;
export const MAX_EDGE_VERDICTS_BYTES = 2 * 1024;
/** Observed members that one record names; K is at most 17 in a roster of this version. */
export const MAX_SILENT_EDGES = 64;
export const MAX_ROSTER_BYTES = 4 * 1024 * 1024;
export const MAX_DOWN_CERTIFICATE_BYTES = 1024 * 1024;

export const MAX_ROSTER_MEMBERS = 10_000;
/** Ten thousand members of four items each, the roster's own fields and its `ext`. */
export const MAX_ROSTER_ITEMS = 4 * MAX_ROSTER_MEMBERS + 256;
export const SALT_BYTES = 16;
export const MAX_NAME_BYTES = 63;
/** All-to-all among the largest roster. */
export const MAX_OBSERVERS = MAX_ROSTER_MEMBERS - 1;
/** Rings count from 0. */
export const MAX_RING = MAX_OBSERVERS - 1;
export const MAX_LEAVE_REASON_BYTES = 64;
/** Accusations in one down certificate; more than H of the largest cluster run all-to-all. */
export const MAX_DOWN_ACCUSATIONS = 256;
export const MAX_DOWN_CERTIFICATE_ITEMS = MAX_DOWN_ACCUSATIONS + 8;
