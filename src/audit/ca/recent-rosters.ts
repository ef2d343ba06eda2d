import { MAX_TRACKED_ROSTERS } from '../evidence.ts';

/** Bytes of rosters that are kept for the audit of nodes; the largest roster has 4 MiB. */
export const MAX_KEPT_ROSTER_BYTES = 64 * 1024 * 1024;

/** The newest rosters, within {@link MAX_TRACKED_ROSTERS} and {@link MAX_KEPT_ROSTER_BYTES}. */
export class RecentRosters {
  readonly #records: Uint8Array[] = [];
  #bytes = 0;

  add(record: Uint8Array): void {
    this.#records.push(record);
    this.#bytes += record.length;
    while (this.#records.length > MAX_TRACKED_ROSTERS || this.#bytes > MAX_KEPT_ROSTER_BYTES) {
      this.#bytes -= this.#records.shift()?.length ?? this.#bytes;
    }
  }

  get all(): readonly Uint8Array[] {
    return this.#records;
  }
}
