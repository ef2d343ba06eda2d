import { join } from 'node:path';
import {
  decodeEpochStart,
  decodeHeartbeat,
  HEARTBEAT_FLAGS,
  type EpochStart,
  type Heartbeat,
} from '../../src/heartbeat/index.ts';
import { LedgerDirectory } from '../../src/io/index.ts';
import { decodeEntry, type LedgerEntry } from '../../src/ledger/index.ts';
import { valueOf } from './result.ts';

/** Everything in the ledger of a node's home, in order, as the bytes that were hashed. */
export async function ledgerBodies(home: string): Promise<readonly Uint8Array[]> {
  const bodies: Uint8Array[] = [];
  for await (const { scan } of new LedgerDirectory(join(home, 'ledger'), home).segments()) {
    if (scan.end.kind === 'damaged') throw new Error(`${home}: ${scan.end.reason}`);
    bodies.push(...scan.frames.map(({ body }) => new Uint8Array(body)));
  }
  return bodies;
}

export async function ledgerEntries(home: string): Promise<readonly LedgerEntry[]> {
  return (await ledgerBodies(home)).map((body) => valueOf(decodeEntry(body)).entry);
}

/** A heartbeat or epoch-start as a ledger holds it. */
export type FoundRecord =
  | { readonly type: 'epoch-start'; readonly bytes: Uint8Array; readonly body: EpochStart }
  | { readonly type: 'heartbeat'; readonly bytes: Uint8Array; readonly body: Heartbeat };

/** The heartbeats, sent and received, and the epoch-starts among `entries`, in order. */
export function foundRecords(entries: readonly LedgerEntry[]): readonly FoundRecord[] {
  return entries.flatMap((entry): readonly FoundRecord[] => {
    switch (entry.type) {
      case 'epoch-start':
        return [
          { type: entry.type, bytes: entry.record, body: valueOf(decodeEpochStart(entry.record)).body },
        ];
      case 'heartbeat-sent':
      case 'heartbeat-received':
        return [
          { type: 'heartbeat', bytes: entry.record, body: valueOf(decodeHeartbeat(entry.record)).body },
        ];
      default:
        return [];
    }
  });
}

/** True when the sender says that its own ledger does not hold the heartbeat. */
export function isUnlogged({ flags }: Heartbeat): boolean {
  return (flags & HEARTBEAT_FLAGS.unlogged) !== 0;
}
