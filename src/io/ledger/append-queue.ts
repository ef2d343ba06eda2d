import { concatBytes, fault, LsError } from '../../std/index.ts';
import {
  bodyChecksum,
  FRAME_HEADER_BYTES,
  MAX_ENTRY_BYTES,
  type TreeHasher,
  type TreeHead,
} from '../../ledger/index.ts';
import { hashInTurns, LARGE_BODY_BYTES } from './large-body.ts';
import type { PreparedBody } from './segment-writer.ts';

/** A body whole, or the pieces that join to it: those of a large one are never joined. */
export type LedgerBody = Uint8Array | readonly Uint8Array[];

/** Entries that may wait for the disk. */
export const MAX_QUEUED_ENTRIES = 65_536;
/** Bytes, with frames, that may wait for the disk: a maximal entry, and as much again. */
export const MAX_QUEUED_BYTES = 128 * 1024 * 1024;

/** The durable head after an append, and where the append's own entries are. */
export interface Appended extends TreeHead {
  /** Leaf index of the first of them. */
  readonly firstIndex: number;
}

/** One call of append, waiting. */
export interface AppendRequest {
  /** How many entries it has. */
  readonly count: number;
  /** Hashed on the way in; undefined where one of them is large: {@link hashLarge} goes through them when their turn comes. */
  readonly hashed: HashedBodies | undefined;
  readonly given: readonly LedgerBody[];
  /** Bytes of its frames. */
  readonly bytes: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (reason: LsError) => void;
}

/** What the entries of one request need to be written and to be leaves. */
export interface HashedBodies {
  readonly bodies: readonly PreparedBody[];
  readonly leafHashes: readonly Uint8Array[];
}

/** The entries of a request, hashed in turns of the event loop. */
export async function hashLarge({ given }: AppendRequest): Promise<HashedBodies> {
  const bodies: PreparedBody[] = [];
  const leafHashes: Uint8Array[] = [];
  for (const each of given) {
    const bytes = bytesOf(each);
    const pieces = isLarge(bytes) ? piecesOf(each) : [joined(each)];
    const { leafHash, bodyChecksum: checksum } = await hashInTurns(pieces);
    const [body = EMPTY, ...rest] = pieces;
    bodies.push({ body, rest, bytes, bodyChecksum: checksum });
    leafHashes.push(leafHash);
  }
  return { bodies, leafHashes };
}

/** First in, first out, and bounded. Hashing what is not large happens on the way in, while the disk is busy with earlier entries. */
export class AppendQueue {
  readonly #hasher: TreeHasher;
  #waiting: AppendRequest[] = [];
  #entries = 0;
  #bytes = 0;

  constructor(hasher: TreeHasher) {
    this.#hasher = hasher;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Bytes of the frames of the oldest request. */
  get nextBytes(): number {
    return this.#waiting[0]?.bytes ?? 0;
  }

  /** Rejects with LS_LEDGER_ENTRY_SIZE or LS_LEDGER_QUEUE_FULL; otherwise settles with the request. */
  push(given: readonly LedgerBody[]): Promise<Appended> {
    const sizes = given.map(bytesOf);
    const refusal = this.#refusal(sizes);
    if (refusal !== undefined) return Promise.reject(refusal);
    const count = given.length;
    const hashed = sizes.some(isLarge) ? undefined : this.#hash(given.map(joined));
    const bytes = sizes.reduce((sum, size) => sum + size, count * FRAME_HEADER_BYTES);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ count, hashed, given, bytes, resolve, reject });
      this.#entries += count;
      this.#bytes += bytes;
    });
  }

  /** Takes the oldest requests that together have at most `maxBytes`, and at least one. */
  take(maxBytes: number): readonly AppendRequest[] {
    let bytes = 0;
    let count = 0;
    for (const request of this.#waiting) {
      if (count > 0 && bytes + request.bytes > maxBytes) break;
      bytes += request.bytes;
      count += 1;
    }
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#bytes -= bytes;
    for (const request of taken) this.#entries -= request.count;
    return taken;
  }

  /** Rejects everything that waits. */
  rejectAll(reason: LsError): void {
    for (const request of this.take(Number.POSITIVE_INFINITY)) request.reject(reason);
  }

  #hash(whole: readonly Uint8Array[]): HashedBodies {
    const bodies = whole.map((body) => ({
      body,
      rest: NO_PIECES,
      bytes: body.length,
      bodyChecksum: bodyChecksum(body),
    }));
    return { bodies, leafHashes: whole.map((body) => this.#hasher.leaf(body)) };
  }

  #refusal(sizes: readonly number[]): LsError | undefined {
    const bad = sizes.find((size) => size === 0 || size > MAX_ENTRY_BYTES);
    if (bad !== undefined) {
      return new LsError(fault('LS_LEDGER_ENTRY_SIZE', `an entry of ${String(bad)} bytes`));
    }
    const entries = this.#entries + sizes.length;
    const bytes = sizes.reduce((sum, size) => sum + size, this.#bytes);
    if (entries <= MAX_QUEUED_ENTRIES && bytes <= MAX_QUEUED_BYTES) return undefined;
    const detail = `${String(entries)} entries of ${String(bytes)} bytes would wait for the disk`;
    return new LsError(fault('LS_LEDGER_QUEUE_FULL', detail));
  }
}

const EMPTY = new Uint8Array();
const NO_PIECES: readonly Uint8Array[] = [];

function bytesOf(body: LedgerBody): number {
  return body instanceof Uint8Array ? body.length : body.reduce((sum, { length }) => sum + length, 0);
}

function isLarge(bytes: number): boolean {
  return bytes > LARGE_BODY_BYTES;
}

function piecesOf(body: LedgerBody): readonly Uint8Array[] {
  return body instanceof Uint8Array ? [body] : body;
}

function joined(body: LedgerBody): Uint8Array {
  if (body instanceof Uint8Array) return body;
  const [first] = body;
  return first !== undefined && body.length === 1 ? first : concatBytes(...body);
}
