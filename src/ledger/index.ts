export {
  caLogOrigin,
  formatCheckpoint,
  logOrigin,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  type Checkpoint,
} from './checkpoint.ts';
export {
  decodeEntry,
  encodeEntry,
  encodeEntryPieces,
  MAX_ENTRY_BYTES,
  MAX_ENTRY_RECORD_BYTES,
  MAX_ENTRY_TEXT_BYTES,
  peekEntryType,
  type DatedEntry,
} from './entry-codec.ts';
export type { LedgerEntry, LedgerEntryType, RecordEntryType } from './entry.ts';
export {
  bodyChecksum,
  FRAME_HEADER_BYTES,
  frameEnd,
  writeFrame,
  writeFrameHeader,
  type Frame,
} from './frame.ts';
export { HASH_BYTES, LEAF_PREFIX, treeHasher, type TreeHasher } from './hash.ts';
export {
  decodeLogKey,
  logKeyFormat,
  MAX_LOG_KEY_RECORD_BYTES,
  signLogKey,
  verifyLogKey,
  type LogKey,
  type VerifiedLogKey,
} from './log-key.ts';
export {
  formatVerifierKey,
  LOG_KEY_BYTES,
  logKeyOfSpki,
  noteKey,
  parseVerifierKey,
  spkiOfLogKey,
  type NoteKey,
} from './note-key.ts';
export {
  MAX_NOTE_BYTES,
  MAX_NOTE_SIGNATURES,
  parseNote,
  signNote,
  verifyNote,
  type Note,
  type NoteSignature,
} from './note.ts';
export {
  MAX_PROOF_HASHES,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from './proof-verify.ts';
export {
  consistencyProof,
  inclusionProof,
  isSubtree,
  rootOfRange,
  subtreeConsistencyProof,
  type LeafRange,
  type SubtreeReader,
} from './proof.ts';
export {
  decodeSegmentHeader,
  encodeSegmentHeader,
  parseSegmentName,
  SEGMENT_HEADER_BYTES,
  SEGMENT_SALT_BYTES,
  segmentName,
  type SegmentHeader,
} from './segment-header.ts';
export { scanSegment, type SegmentEnd, type SegmentScan } from './segment-scan.ts';
export { restorePlan, TiledTree, type RestoreStep } from './tiled-tree.ts';
export { fullTiles, TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, tilePath, tileRoot, type Tile } from './tile.ts';
export type { TreeHead } from '../heartbeat/index.ts';
export { MerkleTree, type SubtreeListener } from './tree.ts';
