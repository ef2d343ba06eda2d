import { TiledTree, treeHasher, type TreeHasher, type TreeHead } from '../../ledger/index.ts';
import { equalBytes, fault, LsError, type CryptoPort, type Signer } from '../../std/index.ts';
import { readCheckpoint, writeCheckpoint, type CheckpointFile } from './checkpoint-file.ts';
import { ledgerLayout, type LedgerLayout } from './layout.ts';
import { ledgerError } from './ledger-fault.ts';
import type { LedgerFs } from './ledger-fs.ts';
import { nodeLedgerFs } from './node-ledger-fs.ts';
import { treeFromTiles } from './recovery.ts';
import { TileStore } from './tile-store.ts';

/** Entries that are kept elsewhere, durably and in order. */
export interface LeafSource {
  /** How many there are. */
  size(): Promise<number>;
  /** From entry `from` to the last. */
  batches(from: number): AsyncIterable<readonly { readonly index: number; readonly body: Uint8Array }[]>;
}

export interface DerivedLogOptions {
  /** Where `checkpoint` and `tile/` are; made when missing. */
  readonly dir: string;
  readonly origin: string;
  /** Ed25519. */
  readonly signer: Signer;
  readonly crypto: CryptoPort;
  readonly source: LeafSource;
  readonly fs?: LedgerFs;
}

/**
 * Tiles and signed checkpoints of a log whose entries are kept elsewhere, in the formats of a node's ledger. What was
 * signed once is never contradicted: each new checkpoint is over a tree that continues the one before it.
 */
export class DerivedLog {
  readonly #source: LeafSource;
  readonly #file: CheckpointFile;
  readonly #tiles: TileStore;
  readonly #tree: TiledTree;
  readonly #hasher: TreeHasher;
  #signed: number | undefined;

  private constructor(parts: Parts, tree: TiledTree, signed: number | undefined) {
    this.#source = parts.source;
    this.#file = parts.file;
    this.#tiles = parts.tiles;
    this.#hasher = parts.hasher;
    this.#tree = tree;
    this.#signed = signed;
  }

  /**
   * Takes up where the last checkpoint ends. Entries below its last full tile are not read again: the tree continues
   * the hashes that were signed, whatever has become of those entries.
   *
   * Throws LS_CA_LEDGER_CHECKPOINT (the checkpoint is not one of this log by this key), LS_CA_LEDGER_ROLLBACK (there are
   * fewer entries than it says, or others), LS_LEDGER_IO, LS_LEDGER_DISK_FULL, and what the source throws.
   */
  static async open(options: DerivedLogOptions): Promise<DerivedLog> {
    const parts = partsOf(options);
    const checkpoint = await system(`open the ledger ${options.dir}`, async () => {
      await parts.file.fs.makeDir(parts.layout.dir);
      return readOwnCheckpoint(parts.file);
    });
    if (checkpoint === undefined) return new DerivedLog(parts, new TiledTree(parts.hasher), undefined);
    const size = await options.source.size();
    if (size < checkpoint.size) {
      throw contradicted(`the store has ${String(size)} entries, its checkpoint ${String(checkpoint.size)}`);
    }
    const restored = await treeFromTiles({ ...parts, fs: parts.file.fs, checkpoint });
    if (restored !== undefined) {
      const log = new DerivedLog(parts, restored, checkpoint.size);
      if (await log.#reaches(checkpoint)) return log;
    }
    const log = new DerivedLog(parts, new TiledTree(parts.hasher), checkpoint.size);
    if (await log.#reaches(checkpoint)) return log;
    throw contradicted(
      `the first ${String(checkpoint.size)} entries are not those that the checkpoint was signed over`,
    );
  }

  /** Entries under the checkpoint on the disk; undefined while there is none. */
  get signed(): number | undefined {
    return this.#signed;
  }

  /**
   * Takes in what is new, and signs it; does nothing when nothing is. After an error open the log again.
   * Throws LS_CA_LEDGER_ROLLBACK, LS_LEDGER_IO, LS_LEDGER_DISK_FULL, and what the source throws.
   */
  async advance(): Promise<boolean> {
    const size = await this.#source.size();
    if (size < this.#tree.size) {
      throw contradicted(`the store has ${String(size)} entries and had ${String(this.#tree.size)}`);
    }
    if (size === this.#signed) return false;
    await this.#append(Number.POSITIVE_INFINITY);
    const head = { size: this.#tree.size, root: this.#tree.root() };
    await system('write the checkpoint', () => writeCheckpoint(this.#file, head));
    this.#signed = head.size;
    return true;
  }

  /** Appends up to the checkpoint's size and compares. */
  async #reaches({ size, root }: TreeHead): Promise<boolean> {
    await this.#append(size);
    return this.#tree.size === size && equalBytes(this.#tree.root(), root);
  }

  async #append(upTo: number): Promise<void> {
    if (this.#tree.size >= upTo) return;
    for await (const rows of this.#source.batches(this.#tree.size)) {
      for (const { index, body } of rows) {
        if (this.#tree.size >= upTo) return;
        if (index !== this.#tree.size) throw contradicted(`entry ${String(this.#tree.size)} is missing`);
        const filled = this.#tree.append(this.#hasher.leaf(body));
        for (const tile of filled) await system('write a tile', () => this.#tiles.replace(tile));
      }
    }
  }
}

interface Parts {
  readonly source: LeafSource;
  readonly layout: LedgerLayout;
  readonly hasher: TreeHasher;
  readonly tiles: TileStore;
  readonly file: CheckpointFile;
}

function partsOf({ dir, origin, signer, crypto, source, fs = nodeLedgerFs }: DerivedLogOptions): Parts {
  const layout = ledgerLayout(dir);
  return {
    source,
    layout,
    hasher: treeHasher(crypto),
    tiles: new TileStore(fs, layout),
    file: { fs, path: layout.checkpoint, signer, origin, crypto },
  };
}

async function readOwnCheckpoint(file: CheckpointFile): Promise<TreeHead | undefined> {
  try {
    return await readCheckpoint(file);
  } catch (cause) {
    if (!(cause instanceof LsError) || cause.code !== 'LS_LEDGER_DAMAGED') throw cause;
    throw new LsError(fault('LS_CA_LEDGER_CHECKPOINT', cause.fault.detail, cause.fault), { cause });
  }
}

async function system<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw ledgerError(cause, what);
  }
}

function contradicted(detail: string): LsError {
  return new LsError(fault('LS_CA_LEDGER_ROLLBACK', detail));
}
