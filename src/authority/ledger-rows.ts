import type { LedgerRow } from './rows.ts';

/** Most rows of the ledger that are read at once. */
export const LEDGER_BATCH_ROWS = 64;
/** Batches get smaller, down to one row, while they are larger than this: a CRL can have 40 MB. */
export const LEDGER_BATCH_BYTES = 8 * 1024 * 1024;

/**
 * The rows from index `from` on, in order, until there are none: one batch in memory at a time, however long the
 * ledger is. `read` answers at most `limit` rows, as StoreReader.ledger does.
 */
export async function* ledgerBatches(
  read: (from: number, limit: number) => Promise<readonly LedgerRow[]>,
  from: number,
): AsyncGenerator<readonly LedgerRow[], void, void> {
  let limit = LEDGER_BATCH_ROWS;
  for (let next = from; ;) {
    const rows = await read(next, limit);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    next = last.index + 1;
    limit = nextLimit(rows);
  }
}

/** So many rows of the mean size of these as fit, at most twice as many as these. */
function nextLimit(rows: readonly LedgerRow[]): number {
  const bytes = rows.reduce((sum, { body }) => sum + body.length, 0);
  const fitting = Math.floor((LEDGER_BATCH_BYTES * rows.length) / Math.max(1, bytes));
  return Math.max(1, Math.min(LEDGER_BATCH_ROWS, 2 * rows.length, fitting));
}
