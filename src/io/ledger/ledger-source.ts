import { join } from 'node:path';
import { MAX_NOTE_BYTES, tilePath } from '../../ledger/index.ts';
import { ledgerError } from './ledger-fault.ts';
import type { LedgerFs } from './ledger-fs.ts';
import { ledgerLayout, type LedgerLayout } from './layout.ts';
import { nodeLedgerFs } from './node-ledger-fs.ts';
import { readSegments, type ScannedSegment } from './segment-reader.ts';
import { TileStore } from './tile-store.ts';

/** A file as it was read. */
export interface LedgerSourceFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/**
 * The ledger in the directory `dir` as an auditor reads it; `name` names its home in reports. Files are named by their
 * path under `dir`. Nothing is written, so a node may go on appending meanwhile. Throws LS_LEDGER_IO.
 */
export class LedgerDirectory {
  readonly name: string;
  readonly place: string;
  readonly #fs: LedgerFs;
  readonly #layout: LedgerLayout;
  readonly #tiles: TileStore;

  constructor(dir: string, name: string, fs: LedgerFs = nodeLedgerFs) {
    this.name = name;
    this.place = dir;
    this.#fs = fs;
    this.#layout = ledgerLayout(dir);
    this.#tiles = new TileStore(fs, this.#layout);
  }

  segments(): AsyncIterable<ScannedSegment> {
    return readSegments(this.#fs, this.#layout);
  }

  async checkpoint(): Promise<LedgerSourceFile | undefined> {
    const file = this.#layout.checkpoint;
    try {
      const bytes = await this.#fs.read(file, MAX_NOTE_BYTES);
      return bytes === undefined ? undefined : { file, bytes };
    } catch (cause) {
      throw ledgerError(cause, `read ${file}`);
    }
  }

  async tile(level: number, index: number): Promise<LedgerSourceFile | undefined> {
    const bytes = await this.#tiles.read(level, index);
    return bytes === undefined ? undefined : { file: join(this.#layout.dir, tilePath(level, index)), bytes };
  }
}
