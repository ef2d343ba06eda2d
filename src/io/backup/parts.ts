import { createHash } from 'node:crypto';
import {
  compareBytes,
  concatBytes,
  equalBytes,
  fault,
  fromUtf8,
  LsError,
  toHex,
  unixMs,
  utf8,
  type UnixMs,
} from '../../std/index.ts';
import { ByteReader, uintBytes, uintOf } from './bytes.ts';
import { openChunks, type ChunkSealer } from './chunks.ts';
import type { Unlock } from './header.ts';

/*
 * text  = file* store end
 * file  = 1 (u8) ‖ length of the path (u16) ‖ path ‖ mode (u16) ‖ size (u64) ‖ content ‖ SHA-256 of the content (32)
 * store = 2 (u8) ‖ size (u64) ‖ content ‖ SHA-256 of the content (32)
 * end   = 0 (u8) ‖ files (u32) ‖ made at, ms (u64) ‖ SHA-256 of the root certificate (32) ‖ CRL number (u64)
 *         ‖ roster number (u64) ‖ length of the trust domain (u8) ‖ trust domain
 */

/** Files of a home, the store aside. */
export const MAX_BACKUP_FILES = 200_000;
export const MAX_PATH_BYTES = 1_024;
export const MAX_PART_BYTES = 2 ** 40;
const MAX_DOMAIN_BYTES = 253;
const MODE_BITS = 0o777;
const HASH_BYTES = 32;
const READ_BYTES = 65_536;

const KIND = { end: 0, file: 1, store: 2 } as const;

export interface BackupPart {
  /** Below the home, with `/`; null for the store. */
  readonly path: string | null;
  /** Permission bits; those of the store are fixed. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
}

/** What the CA was when the backup was made. */
export interface BackupSummary {
  readonly madeAt: UnixMs;
  readonly trustDomain: string;
  /** 32 bytes. */
  readonly rootSha256: Uint8Array;
  readonly crlNumber: number;
  readonly rosterNumber: number;
}

/** Writes parts: files in the order of their paths, then the store, then the summary. */
export class PartWriter {
  readonly #sealer: ChunkSealer;
  #files = 0;

  constructor(sealer: ChunkSealer) {
    this.#sealer = sealer;
  }

  /** Requires: `content` has `part.size` bytes. Throws LS_BACKUP_FILE when it has fewer, or for a path no reader takes. */
  async add(part: BackupPart, content: AsyncIterable<Uint8Array>): Promise<void> {
    if (part.path === null) await this.#sealer.write(uintBytes(KIND.store, 1));
    else await this.#startFile(part.path, part.mode);
    await this.#sealer.write(uintBytes(part.size, 8));
    const hash = createHash('sha256');
    const reader = new ByteReader(content);
    for (let missing = part.size; missing > 0;) {
      const some = await reader.some(missing);
      if (some.length === 0) {
        throw new LsError(fault('LS_BACKUP_FILE', `${part.path ?? 'the store'} shrank while it was read`));
      }
      hash.update(some);
      await this.#sealer.write(some);
      missing -= some.length;
    }
    await this.#sealer.write(hash.digest());
  }

  async finish(summary: BackupSummary): Promise<void> {
    const domain = utf8(summary.trustDomain);
    await this.#sealer.write(
      concatBytes(
        uintBytes(KIND.end, 1),
        uintBytes(this.#files, 4),
        uintBytes(summary.madeAt, 8),
        summary.rootSha256,
        uintBytes(summary.crlNumber, 8),
        uintBytes(summary.rosterNumber, 8),
        uintBytes(domain.length, 1),
        domain,
      ),
    );
    await this.#sealer.finish();
  }

  async #startFile(path: string, mode: number): Promise<void> {
    const name = utf8(path);
    if (!isBackupPath(path))
      throw new LsError(fault('LS_BACKUP_FILE', `${JSON.stringify(path)} is no name for a backup`));
    if (++this.#files > MAX_BACKUP_FILES) {
      throw new LsError(fault('LS_BACKUP_FILE', `the home has more than ${MAX_BACKUP_FILES} files`));
    }
    await this.#sealer.write(
      concatBytes(uintBytes(KIND.file, 1), uintBytes(name.length, 2), name, uintBytes(mode & MODE_BITS, 2)),
    );
  }
}

/** Gets each part as it comes, and reads `content` to its end. What it throws ends the reading. */
export type PartSink = (part: BackupPart, content: AsyncIterable<Uint8Array>) => Promise<void>;

/**
 * Reads a whole backup file: authenticates every byte and checks every part's hash.
 * What `sink` was given counts only when this has resolved.
 * Throws what openChunks throws, and LS_BACKUP_CONTENT.
 */
export async function readParts(
  file: AsyncIterable<Uint8Array>,
  unlock: Unlock,
  sink: PartSink,
): Promise<BackupSummary & { readonly files: number }> {
  const text = new ByteReader(openChunks(file, unlock));
  let files = 0;
  let previous: Uint8Array = new Uint8Array();
  for (;;) {
    const kind = uintOf(await exactly(text, 1));
    if (kind === KIND.store) break;
    if (kind !== KIND.file) throw content(`a part of kind ${kind} among the files`);
    if (++files > MAX_BACKUP_FILES) throw content(`more than ${MAX_BACKUP_FILES} files`);
    const name = await exactly(text, await uintUpTo(text, 2, MAX_PATH_BYTES, 'path length'));
    const path = fromUtf8(name);
    if (path === undefined || !isBackupPath(path)) throw content('a path that leads elsewhere');
    if (files > 1 && compareBytes(previous, name) >= 0) throw content(`${path} is out of order`);
    previous = name;
    await readPart(text, { path, mode: await uintUpTo(text, 2, MODE_BITS, 'mode') }, sink);
  }
  await readPart(text, { path: null, mode: 0o600 }, sink);
  return readEnd(text, files);
}

async function readPart(text: ByteReader, part: Omit<BackupPart, 'size'>, sink: PartSink): Promise<void> {
  const size = await uintUpTo(text, 8, MAX_PART_BYTES, 'size');
  const hash = createHash('sha256');
  let missing = size;
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    while (missing > 0) {
      const some = await text.some(Math.min(missing, READ_BYTES));
      if (some.length === 0) throw content('the text ends within a part');
      missing -= some.length;
      hash.update(some);
      yield some;
    }
  };
  await sink({ ...part, size }, pieces());
  if (missing > 0) throw new RangeError('a sink has to read the whole part');
  if (!equalBytes(hash.digest(), await exactly(text, HASH_BYTES))) {
    throw content(`${part.path ?? 'the store'} is not what its SHA-256 says`);
  }
}

async function readEnd(text: ByteReader, files: number): Promise<BackupSummary & { readonly files: number }> {
  if (uintOf(await exactly(text, 1)) !== KIND.end) throw content('the store is not the last part');
  const counted = uintOf(await exactly(text, 4));
  if (counted !== files) throw content(`${counted} files announced, ${files} found`);
  const madeAt = unixMs(await uintUpTo(text, 8, Number.MAX_SAFE_INTEGER, 'time'));
  const rootSha256 = new Uint8Array(await exactly(text, HASH_BYTES));
  const crlNumber = await uintUpTo(text, 8, Number.MAX_SAFE_INTEGER, 'CRL number');
  const rosterNumber = await uintUpTo(text, 8, Number.MAX_SAFE_INTEGER, 'roster number');
  const trustDomain = fromUtf8(
    await exactly(text, await uintUpTo(text, 1, MAX_DOMAIN_BYTES, 'domain length')),
  );
  if (trustDomain === undefined) throw content('a trust domain that is no text');
  if ((await text.some(1)).length > 0) throw content('something follows the summary');
  return { madeAt, trustDomain, rootSha256, crlNumber, rosterNumber, files };
}

/** Relative, without empty, `.` or `..` segments, control characters or backslashes. */
export function isBackupPath(path: string): boolean {
  if (utf8(path).length > MAX_PATH_BYTES || UNWANTED.test(path)) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

const UNWANTED = /[\\\p{Cc}\p{Cs}]/u;

async function exactly(text: ByteReader, count: number): Promise<Uint8Array> {
  const bytes = await text.take(count);
  if (bytes.length < count) throw content('the text ends within a part');
  return bytes;
}

async function uintUpTo(text: ByteReader, bytes: number, max: number, what: string): Promise<number> {
  const field = await exactly(text, bytes);
  const value = uintOf(field);
  if (!(value <= max)) throw content(`the ${what} 0x${toHex(field)} is out of bounds`);
  return value;
}

function content(what: string): LsError {
  return new LsError(fault('LS_BACKUP_CONTENT', `the backup holds ${what}`));
}
