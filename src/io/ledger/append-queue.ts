import { fault, LsError } from '../../std/index.ts';
import { bodyChecksum, MAX_ENTRY_BYTES, type TreeHasher, type TreeHead } from '../../ledger/index.ts';
import { framedBytes, type PreparedBody } from './segment-writer.ts';

/** Entries that may wait for the disk. */
export const MAX_QUEUED_ENTRIES = 65_536;
/** Bytes, with frames, that may wait for the disk: a maximal entry, and as much again. */
export const MAX_QUEUED_BYTES = 128 * 1024 * 1024;

/** The durable head after an append, and where the append's own entries are. */
export interface Appended extends TreeHead {
  /** Leaf index of the first of them. */
  readonly firstIndex: number;
}

/** One call of append, hashed and waiting. */
export interface AppendRequest {
  readonly bodies: readonly PreparedBody[];
  readonly leafHashes: readonly Uint8Array[];
  /** Bytes of its frames. */
  readonly bytes: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (reason: LsError) => void;
}

/** First in, first out, and bounded. Hashing happens on the way in, while the disk is busy with earlier entries. */
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
  push(bodies: readonly Uint8Array[]): Promise<Appended> {
    const refusal = this.#refusal(bodies);
    if (refusal !== undefined) return Promise.reject(refusal);
    const prepared = bodies.map((body) => ({ body, bodyChecksum: bodyChecksum(body) }));
    const leafHashes = bodies.map((body) => this.#hasher.leaf(body));
    const bytes = framedBytes(prepared);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bodies: prepared, leafHashes, bytes, resolve, reject });
      this.#entries += bodies.length;
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
    for (const request of taken) this.#entries -= request.bodies.length;
    return taken;
  }

  /** Rejects everything that waits. */
  rejectAll(reason: LsError): void {
    for (const request of this.take(Number.POSITIVE_INFINITY)) request.reject(reason);
  }

  #refusal(bodies: readonly Uint8Array[]): LsError | undefined {
    const bad = bodies.find(({ length }) => length === 0 || length > MAX_ENTRY_BYTES);
    if (bad !== undefined) {
      return new LsError(fault('LS_LEDGER_ENTRY_SIZE', `an entry of ${String(bad.length)} bytes`));
    }
    const entries = this.#entries + bodies.length;
    const bytes = this.#bytes + bodies.reduce((sum, { length }) => sum + length, 0);
    if (entries <= MAX_QUEUED_ENTRIES && bytes <= MAX_QUEUED_BYTES) return undefined;
    const detail = `${String(entries)} entries of ${String(bytes)} bytes would wait for the disk`;
    return new LsError(fault('LS_LEDGER_QUEUE_FULL', detail));
  }
}
