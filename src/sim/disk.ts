import type { TreeHead } from '../heartbeat/index.ts';
import type { LedgerEntry } from '../ledger/index.ts';
import type { PersistentState } from '../mesh/index.ts';
import { unixMs } from '../std/index.ts';
import type { SeededRandom } from './random.ts';

const NOTHING: PersistentState = { epoch: 0, trustedTimeMs: unixMs(0), pins: [] };

/** A write that the process has asked for and that is not known to be on the disk. */
interface Pending {
  readonly apply: () => void;
}

/** What one node finds again after a crash, and what has not reached it yet. */
export class SimDisk {
  state: PersistentState = NOTHING;
  /** DER of the newest CRL and bytes of the newest roster that were kept. */
  crl: Uint8Array | undefined;
  roster: Uint8Array | undefined;
  latencyMs: number;
  full = false;
  readonly #keeps: boolean;
  readonly #ledger: LedgerEntry[] = [];
  #size = 0;
  #pending: Pending[] = [];

  /** `keepsEntries`: the ledger can be read again; else only its size is kept, for many nodes. */
  constructor(latencyMs: number, keepsEntries: boolean) {
    this.latencyMs = latencyMs;
    this.#keeps = keepsEntries;
  }

  get ledger(): readonly LedgerEntry[] {
    return this.#ledger;
  }

  get head(): TreeHead | null {
    return this.#size === 0 ? null : { size: this.#size, root: new Uint8Array(32) };
  }

  /** Asks for a write; what it answers completes it, and does nothing after a {@link crash}. */
  begin(write: PersistentState | readonly LedgerEntry[]): () => void {
    const pending: Pending = {
      apply: () => {
        if ('pins' in write) this.state = write;
        else this.#append(write);
      },
    };
    this.#pending.push(pending);
    return () => {
      const at = this.#pending.indexOf(pending);
      if (at === -1) return;
      this.#pending.splice(at, 1);
      pending.apply();
    };
  }

  /** The process dies: of what was under way, any first part may be on the disk and the rest is not. */
  crash(random: SeededRandom): void {
    const written = random.below(this.#pending.length + 1);
    for (const { apply } of this.#pending.slice(0, written)) apply();
    this.#pending = [];
  }

  /** The disk is replaced; the keys were restored, what the node remembered was not. */
  wipe(): void {
    this.state = NOTHING;
    this.crl = undefined;
    this.roster = undefined;
    this.#ledger.length = 0;
    this.#size = 0;
    this.#pending = [];
  }

  #append(entries: readonly LedgerEntry[]): void {
    this.#size += entries.length;
    if (this.#keeps) this.#ledger.push(...entries);
  }
}
