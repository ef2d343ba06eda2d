import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concatBytes, fault, LsError } from '../../std/index.ts';
import { ByteReader, uintBytes, uintOf } from './bytes.ts';
import { openHeader, type OpenHeader, type Unlock, BACKUP_HEADER_BYTES } from './header.ts';

/*
 * chunk = length of the text, and in the top bit whether it is the last (u32) ‖ ciphertext ‖ tag (16)
 *
 * The nonce is the chunk's number, the header and the length word are authenticated with it: chunks can't be changed,
 * left out, repeated, reordered, taken from another backup, or end early, without being noticed.
 */

export const MAX_CHUNK_BYTES = 65_536;
const LENGTH_BYTES = 4;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const LAST = 0x8000_0000;
const CIPHER = 'aes-256-gcm';

/** Encrypts a stream into chunks. Every byte of `write` may be gathered before it is handed to `out`. */
export class ChunkSealer {
  readonly #header: OpenHeader;
  readonly #out: (bytes: Uint8Array) => Promise<void>;
  readonly #held = new Uint8Array(MAX_CHUNK_BYTES);
  #used = 0;
  #number = 0;

  private constructor(header: OpenHeader, out: (bytes: Uint8Array) => Promise<void>) {
    this.#header = header;
    this.#out = out;
  }

  /** Writes the header first. */
  static async start(header: OpenHeader, out: (bytes: Uint8Array) => Promise<void>): Promise<ChunkSealer> {
    await out(header.bytes);
    return new ChunkSealer(header, out);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      if (this.#used === MAX_CHUNK_BYTES) await this.#seal(0);
      const some = rest.subarray(0, MAX_CHUNK_BYTES - this.#used);
      this.#held.set(some, this.#used);
      this.#used += some.length;
      rest = rest.subarray(some.length);
    }
  }

  /** Writes the last chunk. Nothing may be written afterwards. */
  async finish(): Promise<void> {
    await this.#seal(LAST);
  }

  async #seal(mark: 0 | typeof LAST): Promise<void> {
    const { bytes, key } = this.#header;
    const length = uintBytes(mark + this.#used, LENGTH_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonceOf(this.#number++));
    cipher.setAAD(concatBytes(bytes, length));
    const text = cipher.update(this.#held.subarray(0, this.#used));
    cipher.final();
    this.#used = 0;
    await this.#out(concatBytes(length, text, cipher.getAuthTag()));
  }
}

/**
 * The text of a backup file, every piece of it authenticated before it is given out; that it is whole is known only
 * once the stream has ended.
 * Throws LsError: what openHeader answers, LS_BACKUP_TRUNCATED, LS_BACKUP_DAMAGED.
 */
export async function* openChunks(
  file: AsyncIterable<Uint8Array>,
  unlock: Unlock,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(file);
  const header = await openHeader(await reader.take(BACKUP_HEADER_BYTES), unlock);
  if (!header.ok) throw new LsError(header.error);
  for (let number = 0; ; number++) {
    const word = await reader.take(LENGTH_BYTES);
    if (word.length < LENGTH_BYTES) throw truncated(number);
    const isLast = uintOf(word) >= LAST;
    const length = uintOf(word) - (isLast ? LAST : 0);
    if (length > MAX_CHUNK_BYTES || (length < MAX_CHUNK_BYTES && !isLast)) throw damaged(number);
    const sealed = await reader.take(length + TAG_BYTES);
    if (sealed.length < length + TAG_BYTES) throw truncated(number);
    yield openChunk(header.value, number, word, sealed);
    if (isLast) break;
  }
  if ((await reader.some(1)).length > 0) {
    throw new LsError(fault('LS_BACKUP_DAMAGED', 'something follows the end of the backup'));
  }
}

function openChunk(
  { bytes, key }: OpenHeader,
  number: number,
  word: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  const length = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonceOf(number), { authTagLength: TAG_BYTES });
  decipher.setAAD(concatBytes(bytes, word));
  decipher.setAuthTag(sealed.subarray(length));
  const text = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final();
  } catch {
    throw damaged(number);
  }
  return text;
}

function nonceOf(number: number): Uint8Array {
  return uintBytes(number, NONCE_BYTES);
}

function truncated(number: number): LsError {
  return new LsError(fault('LS_BACKUP_TRUNCATED', `the backup ends within chunk ${number}`));
}

function damaged(number: number): LsError {
  return new LsError(fault('LS_BACKUP_DAMAGED', `chunk ${number} of the backup is not as it was written`));
}
