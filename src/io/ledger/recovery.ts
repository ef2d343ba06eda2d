import { join } from 'node:path';
import { equalBytes } from '../../std/index.ts';
import {
  restorePlan,
  TiledTree,
  tileRoot,
  type SegmentEnd,
  type TreeHasher,
  type TreeHead,
} from '../../ledger/index.ts';
import type { LedgerFs } from './ledger-fs.ts';
import { damaged, rolledBack } from './ledger-fault.ts';
import { NEW_SUFFIX, segmentIndices, type LedgerLayout } from './layout.ts';
import { readSegments, type ScannedSegment } from './segment-reader.ts';
import { TileStore } from './tile-store.ts';

/** Newest segments whose frames are always checked when a ledger opens. Older ones are the audit's work. */
export const RECOVERY_SCAN_SEGMENTS = 16;

/** What opening a ledger found and did. */
export interface LedgerRecovery {
  /** Entries in the log. */
  readonly size: number;
  readonly segments: number;
  /** Leaves hashed again; the others came from tiles that the checkpoint vouches for. */
  readonly rehashed: number;
  /** Tiles were missing or wrong, and were made again from the segments. */
  readonly tilesRebuilt: boolean;
  /** The remains of a write that a crash interrupted, removed. */
  readonly truncated: { readonly file: string; readonly offset: number; readonly bytes: number } | null;
}

/** A log as its files have it. */
export interface RecoveredLog {
  readonly tree: TiledTree;
  readonly recovery: LedgerRecovery;
  /** Where appending continues; undefined for a log without segments. */
  readonly tail: SegmentTail | undefined;
}

export interface SegmentTail {
  readonly file: string;
  readonly salt: Uint8Array;
  /** Offset after the last intact frame. */
  readonly end: number;
  readonly allocated: number;
}

export interface RecoveryContext {
  readonly fs: LedgerFs;
  readonly layout: LedgerLayout;
  readonly hasher: TreeHasher;
  /** The newest head that the log's key signed; undefined when there is none. */
  readonly checkpoint: TreeHead | undefined;
}

/**
 * Reads a log back. Removes what a crash may leave: unfinished new files, and the torn end of the last segment.
 * Repairs nothing else.
 *
 * Throws LS_LEDGER_DAMAGED (bytes that had been durable changed or are missing), LS_LEDGER_ROLLBACK (the log is
 * shorter than its checkpoint, or leads to another root) or LS_LEDGER_IO.
 */
export async function recoverLog(context: RecoveryContext): Promise<RecoveredLog> {
  const { fs, layout, checkpoint } = context;
  const names = await fs.list(layout.segments);
  for (const name of names) if (name.endsWith(NEW_SUFFIX)) await fs.remove(join(layout.segments, name));
  const indices = segmentIndices(names);
  if (checkpoint === undefined && indices.length > 0) throw rolledBack(`${layout.checkpoint} is missing`);
  if (indices[0] !== undefined && indices[0] !== 0)
    throw damaged(layout.segments, 0, 'the first segment is missing');
  const fromTiles = await treeFromTiles(context);
  const first = await new Replay(context, fromTiles ?? new TiledTree(context.hasher), indices).run();
  if (first.agrees) return finish(context, first, { rebuilt: fromTiles === undefined });
  if (fromTiles === undefined || fromTiles.size === 0) throw otherRoot(checkpoint);
  const second = await new Replay(context, new TiledTree(context.hasher), indices).run();
  if (!second.agrees) throw otherRoot(checkpoint);
  return finish(context, second, { rebuilt: true });
}

/** The tree below the checkpoint, from stored tiles; undefined when one that is needed is missing. */
export async function treeFromTiles({
  fs,
  layout,
  hasher,
  checkpoint,
}: RecoveryContext): Promise<TiledTree | undefined> {
  const tiles = new TileStore(fs, layout);
  const tree = new TiledTree(hasher);
  for (const { level, tile } of restorePlan(checkpoint?.size ?? 0)) {
    const bytes = await tiles.read(tile.level, tile.index);
    if (bytes === undefined) return undefined;
    tree.appendTileRoot(level, tileRoot(bytes, hasher));
  }
  return tree;
}

interface ReplayOutcome {
  readonly tree: TiledTree;
  /** False when the tree at the checkpoint's size has another root than the checkpoint. */
  readonly agrees: boolean;
  readonly rehashed: number;
  readonly segments: number;
  readonly last: ScannedSegment | undefined;
}

/** Appends to a tree the leaves that it does not have yet, straight from the segments. */
class Replay {
  readonly #context: RecoveryContext;
  readonly #tree: TiledTree;
  readonly #indices: readonly number[];
  readonly #tiles: TileStore;
  #agrees = true;
  #rehashed = 0;

  constructor(context: RecoveryContext, tree: TiledTree, indices: readonly number[]) {
    this.#context = context;
    this.#tree = tree;
    this.#indices = indices;
    this.#tiles = new TileStore(context.fs, context.layout);
  }

  async run(): Promise<ReplayOutcome> {
    const { fs, layout, checkpoint } = this.#context;
    const newest = this.#indices.at(-RECOVERY_SCAN_SEGMENTS) ?? 0;
    const known = this.#tree.size;
    let last: ScannedSegment | undefined;
    this.#compare();
    for await (const segment of readSegments(fs, layout, (at, next) => at >= newest || next > known)) {
      if (!this.#agrees) break;
      checkSegment(segment);
      await this.#append(segment);
      last = segment;
    }
    if (this.#agrees && checkpoint !== undefined && this.#tree.size < checkpoint.size) {
      throw rolledBack(
        `${layout.dir} has ${String(this.#tree.size)} entries, its checkpoint ${String(checkpoint.size)}`,
      );
    }
    return {
      tree: this.#tree,
      agrees: this.#agrees,
      rehashed: this.#rehashed,
      segments: this.#indices.length,
      last,
    };
  }

  async #append({ firstIndex, scan }: ScannedSegment): Promise<void> {
    for (const [position, { body }] of scan.frames.entries()) {
      if (firstIndex + position < this.#tree.size) continue;
      const filled = this.#tree.append(this.#context.hasher.leaf(body));
      this.#rehashed += 1;
      this.#compare();
      if (!this.#agrees) return;
      for (const tile of filled) await this.#tiles.replace(tile);
    }
  }

  #compare(): void {
    const { checkpoint } = this.#context;
    if (this.#tree.size !== checkpoint?.size) return;
    this.#agrees = equalBytes(this.#tree.root(), checkpoint.root);
  }
}

function checkSegment({ file, firstIndex, nextIndex, scan }: ScannedSegment): void {
  const { header, frames, end } = scan;
  if (end.kind === 'damaged') throw damaged(file, end.offset, end.reason);
  if (header?.firstIndex !== firstIndex)
    throw damaged(file, 0, 'the header names another index than the file');
  if (nextIndex === undefined) return;
  if (end.kind === 'torn') throw damaged(file, end.offset, 'broken before the last segment');
  if (firstIndex + frames.length !== nextIndex) {
    throw damaged(file, end.offset, `entries are missing before index ${String(nextIndex)}`);
  }
}

async function finish(
  { fs }: RecoveryContext,
  replay: ReplayOutcome,
  { rebuilt }: { readonly rebuilt: boolean },
): Promise<RecoveredLog> {
  const { tree, last, rehashed, segments } = replay;
  const truncated = last === undefined ? null : await removeTorn(fs, last.file, last.scan.end);
  const recovery = { size: tree.size, segments, rehashed, tilesRebuilt: rebuilt, truncated };
  if (last?.scan.header === undefined) return { tree, recovery, tail: undefined };
  const end = last.scan.end.offset;
  const allocated = truncated === null ? last.fileBytes : end;
  return { tree, recovery, tail: { file: last.file, salt: last.scan.header.salt, end, allocated } };
}

async function removeTorn(fs: LedgerFs, path: string, end: SegmentEnd): Promise<LedgerRecovery['truncated']> {
  if (end.kind !== 'torn') return null;
  const file = await fs.open(path);
  try {
    await file.truncate(end.offset);
    await file.datasync();
  } finally {
    await file.close();
  }
  return { file: path, offset: end.offset, bytes: end.written - end.offset };
}

function otherRoot(checkpoint: TreeHead | undefined): Error {
  return rolledBack(
    `the first ${String(checkpoint?.size ?? 0)} entries are not those that the checkpoint was signed over`,
  );
}
