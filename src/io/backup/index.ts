export { ChunkSealer, MAX_CHUNK_BYTES } from './chunks.ts';
export {
  BACKUP_HEADER_BYTES,
  BACKUP_SALT_BYTES,
  BACKUP_VERSION,
  makeHeader,
  MAX_ITERATIONS,
  unlockWith,
  type KeyParameters,
  type Unlock,
} from './header.ts';
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
