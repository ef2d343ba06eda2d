export { MAX_QUEUED_BYTES, MAX_QUEUED_ENTRIES, type Appended } from './append-queue.ts';
export { MAX_BATCH_BYTES, openLedger, type Ledger, type LedgerOptions } from './ledger.ts';
export { ledgerLayout, PREALLOCATE_BYTES, SEGMENT_BYTES, type LedgerLayout } from './layout.ts';
export type { LedgerFile, LedgerFs } from './ledger-fs.ts';
export { nodeLedgerFs } from './node-ledger-fs.ts';
export { RECOVERY_SCAN_SEGMENTS, type LedgerRecovery } from './recovery.ts';
export { readEntries, readSegments, type ScannedSegment, type StoredEntry } from './segment-reader.ts';
export { TileStore } from './tile-store.ts';
export { CHECKPOINT_INTERVAL_MS, MAX_WAITING_TILES } from './upkeep.ts';
