const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** DNS names and IP addresses together that one token may grant. */
export const MAX_NAMES_PER_CERTIFICATE = 32;
/** Tokens that are neither spent nor expired nor deleted. One for every member of the largest roster. */
export const MAX_OUTSTANDING_TOKENS = 10_000;
export const MIN_TOKEN_TTL_MS = SECOND_MS;
export const MAX_TOKEN_TTL_MS = 7 * DAY_MS;
export const DEFAULT_TOKEN_TTL_MS = HOUR_MS;
/** Rows of spent or expired tokens are kept this long after their expiry, so that their codes stay specific. */
export const TOKEN_AFTERLIFE_MS = 7 * DAY_MS;
/** Enrollments that wait for an operator's decision. */
export const MAX_PENDING_REQUESTS = 10_000;
/** An enrollment that waits for approval is over after this time; so is an approval that nobody came for. */
export const REQUEST_TTL_MS = 7 * DAY_MS;
/** Longest reason that an operator gives for a denial, in UTF-16 units. */
export const MAX_REASON_LENGTH = 200;
/** Members of one roster, ended ones included as long as a certificate of theirs is unexpired. */
export const MAX_ROSTER_MEMBERS = 10_000;
/** Unexpired certificates of one identity. Renewal at 2/3 of the lifetime needs two. */
export const MAX_LIVE_CERTIFICATES_PER_NODE = 16;
/** Longest `HOST:PORT` that is kept: a 253-byte DNS name, a colon and five digits. */
export const MAX_ADDRESS_BYTES = 259;
/** Enrollments and activations that are done in one transaction: some 40 ms, after which others have their turn. */
export const MAX_GROUP = 128;
/** Those that wait for it. */
export const MAX_WAITING_FOR_GROUP = 4_096;
/** Listeners of {@link Authority.onPublication}. */
export const MAX_PUBLICATION_LISTENERS = 64;

/** CRLs that a restored CA takes over at a time: one full and one delta of each of many nodes. */
export const MAX_MERGED_CRLS = 64;
/**
 * How far ahead of the milliseconds since the CA was made the numbers of a restored CA start. All restores of one CA
 * count from the same moment, so that a later one never meets the numbers of an earlier one, of whatever backup.
 */
export const RESTORE_NUMBER_MARGIN = 2 ** 20;
/** Beyond this a clock is wrong rather than a backup old: 140,000 years of milliseconds. */
export const MAX_RESTORED_NUMBER = 2 ** 52;

/** After this time at most a process hears what another one over the same store has published. */
export const FOLLOW_EVERY_MS = 500;
/** What one process says to the others at a time. */
export const MAX_WORD_LENGTH = 200;

export const CRL_NEXT_UPDATE_MS = 72 * HOUR_MS;
export const ROOT_CRL_NEXT_UPDATE_MS = 180 * DAY_MS;

/** How long a signed OCSP answer holds, and after how long a new one takes its place. */
export const OCSP_NEXT_UPDATE_MS = 12 * HOUR_MS;
export const OCSP_REFRESH_MS = 6 * HOUR_MS;
/** Certificates whose answers are kept signed, each with both hashes: about 2.5 KiB. The rest is signed when asked for. */
export const MAX_HELD_ANSWERS = 32_768;
/** Certificates signed for in one go before others get their turn. */
export const OCSP_BATCH = 32;
/** Answers signed for one caller alone (a nonce, several certificates, a serial without a live certificate). */
export const OCSP_OWN_ANSWERS_PER_SECOND = 500;
export const OCSP_OWN_ANSWERS_BURST = 1_000;
