import { createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { concatBytes, equalBytes, err, fault, ok, utf8, type Fault, type Result } from '../../std/index.ts';
import { PBKDF2_ITERATIONS, type Passphrase } from '../keys/index.ts';
import { uintBytes, uintOf } from './bytes.ts';

/*
 * magic "LSBACKUP" ‖ version (u16) ‖ iterations (u32) ‖ salt (32) ‖ check (32); see docs/FORMATS.md, Backup file.
 */

export const BACKUP_MAGIC = utf8('LSBACKUP');
export const BACKUP_VERSION = 1;
export const BACKUP_SALT_BYTES = 32;
/** More rounds than this only keep the reader busy. */
export const MAX_ITERATIONS = 10_000_000;

const VERSION_BYTES = 2;
const ITERATIONS_BYTES = 4;
const CHECK_BYTES = 32;
const KEY_BYTES = 32;
const PARAMETER_BYTES = BACKUP_MAGIC.length + VERSION_BYTES + ITERATIONS_BYTES + BACKUP_SALT_BYTES;
export const BACKUP_HEADER_BYTES = PARAMETER_BYTES + CHECK_BYTES;

export interface KeyParameters {
  readonly iterations: number;
  /** 32 bytes, random for each file: no key is ever used for two. */
  readonly salt: Uint8Array;
}

/** Makes 32 secret bytes of the parameters and what the user knows. */
export type Unlock = (parameters: KeyParameters) => Promise<Uint8Array>;

const derive = promisify(pbkdf2);

/** PBKDF2-HMAC-SHA-256. Source: RFC 8018 §5.2. */
export function unlockWith(passphrase: Passphrase): Unlock {
  return ({ iterations, salt }) => derive(passphrase, salt, iterations, KEY_BYTES, 'sha256');
}

/** The header of a new file, and its key for the chunks. */
export interface OpenHeader {
  readonly bytes: Uint8Array;
  readonly key: Uint8Array;
}

export async function makeHeader(
  salt: Uint8Array,
  unlock: Unlock,
  iterations = PBKDF2_ITERATIONS,
): Promise<OpenHeader> {
  const parameters = concatBytes(
    BACKUP_MAGIC,
    uintBytes(BACKUP_VERSION, VERSION_BYTES),
    uintBytes(iterations, ITERATIONS_BYTES),
    salt,
  );
  const master = await unlock({ iterations, salt });
  return {
    bytes: concatBytes(parameters, labelled(master, 'check', parameters)),
    key: labelled(master, 'key', parameters),
  };
}

/**
 * Reads the first BACKUP_HEADER_BYTES of a file, or fewer when it has no more, and unlocks it.
 * Errors: LS_BACKUP_NOT_ONE, LS_BACKUP_TRUNCATED, LS_BACKUP_VERSION, LS_BACKUP_CONTENT, LS_BACKUP_PASSPHRASE.
 */
export async function openHeader(bytes: Uint8Array, unlock: Unlock): Promise<Result<OpenHeader, Fault>> {
  const magic = bytes.subarray(0, BACKUP_MAGIC.length);
  if (!equalBytes(magic, BACKUP_MAGIC)) return err(fault('LS_BACKUP_NOT_ONE', 'this is no lifesign backup'));
  let at = BACKUP_MAGIC.length;
  const field = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  const versionField = field(VERSION_BYTES);
  const version = uintOf(versionField);
  if (versionField.length === VERSION_BYTES && version !== BACKUP_VERSION) {
    const detail = `the backup has format ${version}, and this program knows ${BACKUP_VERSION}`;
    return err(fault('LS_BACKUP_VERSION', detail));
  }
  if (bytes.length < BACKUP_HEADER_BYTES) {
    return err(fault('LS_BACKUP_TRUNCATED', 'the backup ends within its header'));
  }
  const iterations = uintOf(field(ITERATIONS_BYTES));
  if (iterations < PBKDF2_ITERATIONS || iterations > MAX_ITERATIONS) {
    return err(fault('LS_BACKUP_CONTENT', `${iterations} rounds of key derivation are out of bounds`));
  }
  const salt = field(BACKUP_SALT_BYTES);
  const parameters = bytes.subarray(0, PARAMETER_BYTES);
  const master = await unlock({ iterations, salt });
  if (!timingSafeEqual(labelled(master, 'check', parameters), field(CHECK_BYTES))) {
    return err(fault('LS_BACKUP_PASSPHRASE', 'the passphrase does not open this backup'));
  }
  return ok({
    bytes: bytes.slice(0, BACKUP_HEADER_BYTES),
    key: labelled(master, 'key', parameters),
  });
}

/** Bound to every parameter, so that none can be changed without the passphrase. */
function labelled(master: Uint8Array, label: 'check' | 'key', parameters: Uint8Array): Uint8Array {
  return createHmac('sha256', master).update(`lifesign/v1/backup-${label}`).update(parameters).digest();
}
