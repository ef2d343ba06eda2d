import type { Tile } from '../../ledger/index.ts';
import { monoMs, type Clock, type LsError, type MonoMs } from '../../std/index.ts';
import { isDiskFull, ledgerError } from './ledger-fault.ts';
import type { TileStore } from './tile-store.ts';

/** The signed checkpoint is renewed at most this often while entries are appended. */
export const CHECKPOINT_INTERVAL_MS = 10_000;
/** Tiles that may wait to be written, 8 KiB each. */
export const MAX_WAITING_TILES = 1_024;

export interface UpkeepPorts {
  readonly tiles: TileStore;
  readonly clock: Clock;
  /** Signs and publishes the head of what is durable. */
  readonly writeCheckpoint: () => Promise<void>;
  /** Told of an error after which the ledger must not go on. */
  readonly onFatal: (reason: LsError) => void;
}

/**
 * What follows from durable entries and delays nobody: tiles, and the checkpoint from time to time. A full disk
 * postpones both.
 */
export class Upkeep {
  readonly #ports: UpkeepPorts;
  #waiting: Tile[] = [];
  #checkpointAt: MonoMs;
  #scheduled = false;
  /** All work so far; never rejects. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(ports: UpkeepPorts) {
    this.#ports = ports;
    this.#checkpointAt = this.#nextCheckpoint();
  }

  /** Takes note of tiles that became durable; returns at once. */
  committed(filled: readonly Tile[]): void {
    this.#waiting.push(...filled);
    // Tiles that are dropped here are made again from the segments when the ledger opens.
    this.#waiting = this.#waiting.slice(-MAX_WAITING_TILES);
    if (this.#scheduled || (this.#waiting.length === 0 && !this.#checkpointIsDue())) return;
    this.#scheduled = true;
    void this.#inTurn(async () => {
      this.#scheduled = false;
      await this.#writeTiles();
      if (this.#checkpointIsDue()) await this.#writeCheckpoint();
    }).catch(() => undefined);
  }

  /** Writes waiting tiles and the checkpoint. Throws LS_LEDGER_DISK_FULL or LS_LEDGER_IO. */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#writeTiles();
      await this.#writeCheckpoint();
    });
  }

  /** Waits for what is under way. */
  async idle(): Promise<void> {
    await this.#work;
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#work.then(task).catch((cause: unknown) => {
      throw this.#judge(cause);
    });
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  async #writeTiles(): Promise<void> {
    for (let tile = this.#waiting[0]; tile !== undefined; tile = this.#waiting[0]) {
      await this.#ports.tiles.write(tile);
      if (this.#waiting[0] === tile) this.#waiting.shift();
    }
  }

  async #writeCheckpoint(): Promise<void> {
    this.#checkpointAt = this.#nextCheckpoint();
    await this.#ports.writeCheckpoint();
  }

  #judge(cause: unknown): LsError {
    const reason = ledgerError(cause, 'write tiles or the checkpoint');
    if (!isDiskFull(reason)) this.#ports.onFatal(reason);
    return reason;
  }

  #checkpointIsDue(): boolean {
    return this.#ports.clock.now().mono >= this.#checkpointAt;
  }

  #nextCheckpoint(): MonoMs {
    return monoMs(this.#ports.clock.now().mono + CHECKPOINT_INTERVAL_MS);
  }
}
