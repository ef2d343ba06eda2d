import { dirname } from 'node:path';
import { fault, LsError } from '../../std/index.ts';
import type { Clock, CryptoPort, Fault, Random, Signer } from '../../std/index.ts';
import {
  logKeyOfSpki,
  treeHasher,
  type TiledTree,
  type Tile,
  type TreeHasher,
  type TreeHead,
} from '../../ledger/index.ts';
import { nodeCrypto } from '../crypto/node-crypto.ts';
import { systemClock, systemRandom } from '../system/system.ts';
import {
  AppendQueue,
  hashLarge,
  type Appended,
  type AppendRequest,
  type HashedBodies,
  type LedgerBody,
} from './append-queue.ts';
import { readCheckpoint, writeCheckpoint, type CheckpointFile } from './checkpoint-file.ts';
import { ledgerLayout, PREALLOCATE_BYTES, SEGMENT_BYTES, type LedgerLayout } from './layout.ts';
import { fatalError, isDiskFull, ledgerError } from './ledger-fault.ts';
import type { LedgerFs } from './ledger-fs.ts';
import { nodeLedgerFs } from './node-ledger-fs.ts';
import { recoverLog, type LedgerRecovery, type RecoveredLog, type SegmentTail } from './recovery.ts';
import { SegmentWriter, type SegmentSizes, type WrittenBatch } from './segment-writer.ts';
import { TileStore } from './tile-store.ts';
import { Upkeep } from './upkeep.ts';

export interface LedgerOptions {
  /** The home's `ledger/`. One process at a time: the home's lock sees to that. */
  readonly dir: string;
  /** The log key: Ed25519. */
  readonly signer: Signer;
  readonly origin: string;
  readonly fs?: LedgerFs;
  readonly clock?: Clock;
  readonly crypto?: CryptoPort;
  readonly random?: Random;
  readonly sizes?: SegmentSizes;
}

/** An open log. Entries are in it for good once `append` has resolved. */
export interface Ledger {
  /** What opening found. */
  readonly recovered: LedgerRecovery;
  /**
   * Appends bodies, all or none, in call order; resolves once they are durable, with a head that covers them.
   * Calls at the same time share one write and one fdatasync. The bodies must not change until it settles. Large ones are
   * not copied, and hashed in turns of the event loop, so that everything else goes on.
   *
   * Rejects with LS_LEDGER_DISK_FULL (nothing was written; try again later), LS_LEDGER_QUEUE_FULL,
   * LS_LEDGER_ENTRY_SIZE, LS_LEDGER_CLOSED, or LS_LEDGER_IO: then it is unknown whether they are durable, and every
   * later call is refused with the same.
   */
  append(bodies: readonly LedgerBody[]): Promise<Appended>;
  /** The head of what is durable. */
  head(): TreeHead;
  /** Signs and publishes the head of what is durable. Throws LS_LEDGER_DISK_FULL or LS_LEDGER_IO. */
  writeCheckpoint(): Promise<void>;
  /** Waits for every append, writes the last checkpoint and closes the files. Throws as writeCheckpoint does. */
  close(): Promise<void>;
}

/** One write and one fdatasync carry at most this much, unless a single append is larger. */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;

const DEFAULT_SIZES: SegmentSizes = { segmentBytes: SEGMENT_BYTES, preallocateBytes: PREALLOCATE_BYTES };

/**
 * Opens a log, or begins one, and signs a checkpoint of it.
 * Throws LS_LEDGER_DAMAGED, LS_LEDGER_ROLLBACK, LS_LEDGER_DISK_FULL or LS_LEDGER_IO; then nothing was changed but
 * what a crash leaves behind.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const parts = partsOf(options);
  try {
    await parts.fs.makeDir(parts.layout.segments);
    await parts.fs.syncDir(dirname(parts.layout.dir));
    await parts.fs.syncDir(parts.layout.dir);
    const checkpoint = await readCheckpoint(parts.checkpointFile);
    const log = await recoverLog({ ...parts, checkpoint });
    const ledger = new OpenLedger(parts, log, log.tail && (await continueSegment(parts, log.tail)));
    return await withCheckpoint(ledger);
  } catch (cause) {
    throw ledgerError(cause, `open the ledger ${options.dir}`);
  }
}

interface LedgerParts {
  readonly layout: LedgerLayout;
  readonly fs: LedgerFs;
  readonly clock: Clock;
  readonly random: Random;
  readonly sizes: SegmentSizes;
  readonly hasher: TreeHasher;
  readonly checkpointFile: CheckpointFile;
}

function partsOf(options: LedgerOptions): LedgerParts {
  const { signer, origin } = options;
  if (logKeyOfSpki(signer.spki) === undefined) throw new RangeError('a log key is an Ed25519 key');
  const crypto = options.crypto ?? nodeCrypto;
  const fs = options.fs ?? nodeLedgerFs;
  const layout = ledgerLayout(options.dir);
  return {
    layout,
    fs,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    sizes: options.sizes ?? DEFAULT_SIZES,
    hasher: treeHasher(crypto),
    checkpointFile: { fs, path: layout.checkpoint, signer, origin, crypto },
  };
}

async function continueSegment({ fs, sizes }: LedgerParts, tail: SegmentTail): Promise<SegmentWriter> {
  return new SegmentWriter(await fs.open(tail.file), tail.salt, sizes, tail);
}

async function withCheckpoint(ledger: OpenLedger): Promise<Ledger> {
  try {
    await ledger.writeCheckpoint();
    return ledger;
  } catch (cause) {
    await ledger.abandon();
    throw cause;
  }
}

class OpenLedger implements Ledger {
  readonly recovered: LedgerRecovery;
  readonly #parts: LedgerParts;
  readonly #queue: AppendQueue;
  readonly #upkeep: Upkeep;
  #tree: TiledTree;
  #head: TreeHead;
  #writer: SegmentWriter | undefined;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** The error after which nothing is known of the files any more. */
  #fatal: Fault | undefined;

  constructor(parts: LedgerParts, log: RecoveredLog, writer: SegmentWriter | undefined) {
    this.#parts = parts;
    this.#tree = log.tree;
    this.#head = headOf(log.tree);
    this.recovered = log.recovery;
    this.#writer = writer;
    this.#queue = new AppendQueue(parts.hasher);
    this.#upkeep = new Upkeep({
      tiles: new TileStore(parts.fs, parts.layout),
      clock: parts.clock,
      writeCheckpoint: () => writeCheckpoint(parts.checkpointFile, this.#head),
      onFatal: (reason) => {
        this.#stop(reason);
      },
    });
  }

  append(bodies: readonly LedgerBody[]): Promise<Appended> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(new LsError(refusal));
    const appended = this.#queue.push(bodies);
    this.#running ??= this.#drain();
    return appended;
  }

  head(): TreeHead {
    return this.#head;
  }

  async writeCheckpoint(): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw new LsError(refusal);
    await this.#upkeep.settle();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes the files and writes nothing. */
  async abandon(): Promise<void> {
    this.#closing ??= Promise.resolve();
    await this.#writer?.close();
  }

  async #close(): Promise<void> {
    await this.#running;
    try {
      if (this.#fatal === undefined) await this.#upkeep.settle();
      else await this.#upkeep.idle();
    } finally {
      await this.#writer?.close();
    }
  }

  /** Commits until nothing waits. Never rejects: errors go to the requests. */
  async #drain(): Promise<void> {
    // Appends of one turn of the event loop are to share the first batch.
    await Promise.resolve();
    while (!this.#queue.empty) await this.#commitNext();
    this.#running = undefined;
  }

  async #commitNext(): Promise<void> {
    let batch: readonly AppendRequest[] = [];
    try {
      const writer = await this.#writerFor(this.#queue.nextBytes);
      batch = this.#queue.take(Math.min(MAX_BATCH_BYTES, writer.room));
      await this.#commit(writer, batch);
    } catch (cause) {
      const reason = ledgerError(cause, `append to ${this.#parts.layout.dir}`);
      if (!isDiskFull(reason)) this.#stop(reason);
      else if (batch.length === 0) batch = this.#queue.take(0);
      for (const request of batch) request.reject(reason);
    }
  }

  async #commit(writer: SegmentWriter, batch: readonly AppendRequest[]): Promise<void> {
    const hashed = batch.every(isHashed) ? batch.map((request) => request.hashed) : await this.#hash(batch);
    const writing = writer.write(hashed.flatMap(({ bodies }) => bodies));
    // The tree grows while the disk works, in a copy that counts only once the entries are durable.
    const grown = this.#tree.clone();
    const filled = grow(grown, hashed);
    const head = headOf(grown);
    const written = await this.#orUndone(writer, writing);
    await durably(writer, written);
    this.#tree = grown;
    this.#settle(batch, head);
    this.#upkeep.committed(filled);
  }

  /** Where an entry is large. The turns that this takes may end the ledger. */
  async #hash(batch: readonly AppendRequest[]): Promise<readonly HashedBodies[]> {
    const all: HashedBodies[] = [];
    for (const request of batch) all.push(request.hashed ?? (await hashLarge(request)));
    if (this.#fatal !== undefined) throw new LsError(this.#fatal);
    return all;
  }

  async #orUndone<T>(writer: SegmentWriter, writing: Promise<T>): Promise<T> {
    try {
      return await writing;
    } catch (cause) {
      if (isDiskFull(cause)) await undo(writer);
      throw cause;
    }
  }

  #settle(batch: readonly AppendRequest[], head: TreeHead): void {
    let firstIndex = this.#head.size;
    this.#head = head;
    for (const request of batch) {
      request.resolve({ ...head, firstIndex });
      firstIndex += request.count;
    }
  }

  async #writerFor(bytes: number): Promise<SegmentWriter> {
    if (this.#writer?.accepts(bytes) === true) return this.#writer;
    const { fs, layout, sizes, random } = this.#parts;
    const next = await SegmentWriter.create(fs, layout, this.#head.size, sizes, random);
    await this.#writer?.close();
    this.#writer = next;
    return next;
  }

  #refusal(): Fault | undefined {
    if (this.#fatal !== undefined || this.#closing === undefined) return this.#fatal;
    return fault('LS_LEDGER_CLOSED', `the ledger ${this.#parts.layout.dir} is closed`);
  }

  #stop(reason: LsError): void {
    this.#fatal ??= reason.fault;
    this.#queue.rejectAll(reason);
  }
}

function isHashed(request: AppendRequest): request is AppendRequest & { readonly hashed: HashedBodies } {
  return request.hashed !== undefined;
}

/** Adds a batch to a tree and returns the tiles that it filled. */
function grow(tree: TiledTree, hashed: readonly HashedBodies[]): readonly Tile[] {
  const filled: Tile[] = [];
  for (const { leafHashes } of hashed) {
    for (const leafHash of leafHashes) {
      for (const tile of tree.append(leafHash)) filled.push(tile);
    }
  }
  return filled;
}

/** An fdatasync that failed leaves the file in an unknown state, whatever the errno: always LS_LEDGER_IO. */
async function durably(writer: SegmentWriter, written: WrittenBatch): Promise<void> {
  try {
    await writer.commit(written);
  } catch (cause) {
    throw fatalError(cause, 'make entries durable');
  }
}

async function undo(writer: SegmentWriter): Promise<void> {
  try {
    await writer.undo();
  } catch (cause) {
    throw fatalError(cause, 'remove what a failed write left');
  }
}

function headOf(tree: TiledTree): TreeHead {
  return { size: tree.size, root: tree.root() };
}
