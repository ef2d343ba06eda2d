export { ChunkSealer, MAX_CHUNK_BYTES } from './chunks.ts';
export {
  BACKUP_HEADER_BYTES,
  BACKUP_SALT_BYTES,
  BACKUP_VERSION,
  makeHeader,
  MAX_ITERATIONS,
  unlockWith,
  type KeyParameters,
  type OpenHeader,
  type Unlock,
} from './header.ts';
export {
  encodeShare,
  decodeShare,
  MAX_SHARE_CHARACTERS,
  SHARE_CHARACTERS,
  SHARE_PREFIX,
  type Share,
} from './share-text.ts';
export {
  backupIdOf,
  combineShares,
  MAX_SHARES,
  MIN_THRESHOLD,
  parseSharing,
  SHARED_SECRET_BYTES,
  splitSecret,
  type CombinedShares,
  type Sharing,
} from './shares.ts';
export {
  isBackupPath,
  MAX_BACKUP_FILES,
  MAX_PATH_BYTES,
  PartWriter,
  readParts,
  type BackupPart,
  type BackupSummary,
  type PartSink,
} from './parts.ts';
