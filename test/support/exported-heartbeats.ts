import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { decodeHeartbeat, exportRecord } from '../../src/heartbeat/index.ts';
import type { TestCluster } from './cluster.ts';
import { ledgerEntries } from './node-ledger.ts';
import { valueOf } from './result.ts';

const WAIT = { timeout: 30_000, interval: 200 };

/** Files that anyone may get to see: two successive heartbeats of a node, its certificate and the root. */
export interface ExportedHeartbeats {
  readonly heartbeats: readonly [string, string];
  readonly certificate: string;
  readonly root: string;
}

/** Exports from the ledger of `name`, which runs. */
export async function exportHeartbeats(cluster: TestCluster, name: string): Promise<ExportedHeartbeats> {
  const write = async (record: Uint8Array, label: string): Promise<string> => {
    const file = join(cluster.directory, `heartbeat-${label}.cose`);
    await writeFile(file, exportRecord(record));
    return file;
  };
  // A node that has just started has to beat first.
  const [first, second] = await vi.waitFor(() => successiveHeartbeats(cluster.home(name)), WAIT);
  return {
    heartbeats: [await write(first, 'first'), await write(second, 'second')],
    certificate: join(cluster.home(name), 'cert.pem'),
    root: join(cluster.home(name), 'root.pem'),
  };
}

/** The first two of which one continues the other: on a slow disk some numbers between are sent and not logged. */
async function successiveHeartbeats(home: string): Promise<readonly [Uint8Array, Uint8Array]> {
  const sent = (await ledgerEntries(home)).flatMap((entry) =>
    entry.type === 'heartbeat-sent' ? [entry.record] : [],
  );
  for (const [i, record] of sent.entries()) {
    const next = sent[i + 1];
    if (next !== undefined && seqOf(next) === seqOf(record) + 1) return [record, next];
  }
  throw new Error(`no two successive heartbeats among the ${sent.length} in ${home}`);
}

function seqOf(record: Uint8Array): number {
  return valueOf(decodeHeartbeat(record)).body.seq;
}
