/*
 * Every bound of the signed records of this folder, named. Sizes are in bytes of the complete COSE_Sign1 unless the
 * name says otherwise. The same bounds stand in docs/FORMATS.md.
 */

export const MAX_HEARTBEAT_BYTES = 1024;
export const MAX_EPOCH_START_BYTES = 16 * 1024;
export const MAX_KEY_CHANGE_BYTES = 16 * 1024;
export const MAX_SUCCESSOR_BYTES = 1024;

/** Epochs count from 1. At one restart a millisecond 2^48 lasts 8,900 years. */
export const MIN_EPOCH = 1;
export const MAX_EPOCH = 2 ** 48;
/** The epoch-start is number 0 of its epoch; whatever follows counts from 1. */
export const MIN_SEQ = 1;
export const MAX_SEQ = 2 ** 48;
export const MAX_CRL_NUMBER = 2 ** 48;
export const MAX_ROSTER_NUMBER = 2 ** 48;
export const MAX_TREE_SIZE = 2 ** 48;
/** 9999-12-31T23:59:59.999Z, the last moment a certificate can name. Source: RFC 5280 §4.1.2.5. */
export const MAX_UNIX_MS = 253_402_300_799_999;
export const MIN_INTERVAL_MS = 50;
export const MAX_INTERVAL_MS = 60_000;
/** Lifeguard's local health multiplier: 0 healthy, 8 worst. */
export const MAX_HEALTH = 8;

export const HASH_BYTES = 32;
export const ID_BYTES = 16;
export const VIEW_DIGEST_BYTES = 8;
export const NONCE_BYTES = 8;
export const LOG_KEY_BYTES = 32;

export const MAX_HEADS = 8;
export const MAX_REBUTS = 16;
export const MAX_CHAIN_CERTIFICATES = 3;
export const MAX_CHAIN_CERTIFICATE_BYTES = 8 * 1024;
export const MAX_SPKI_BYTES = 512;
export const MAX_ADDRESSES = 4;
/** A DNS name of 253 bytes, a colon and five digits. */
export const MAX_ADDRESS_BYTES = 259;
export const MAX_SUCCESSION = 16;
export const MAX_FORMAT_VERSION = 255;
export const MAX_EXT_ENTRIES = 16;
export const MAX_EXT_KEY = 65_535;

/** Payload nesting of every record: the fields, a list in them, an element of it, and one level inside `ext` values. */
export const MAX_RECORD_DEPTH = 4;
/** Data items in the payload of every record but the roster, which has a bound of its own. */
export const MAX_RECORD_ITEMS = 256;
