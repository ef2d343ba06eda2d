import { dirname } from 'node:path';
import { fault, LsError } from '../../std/index.ts';
import type { CryptoPort, Signer } from '../../std/index.ts';
import {
  logKeyOfSpki,
  MAX_NOTE_BYTES,
  openCheckpoint,
  signCheckpoint,
  type TreeHead,
} from '../../ledger/index.ts';
import type { LedgerFs } from './ledger-fs.ts';
import { NEW_SUFFIX } from './layout.ts';

export interface CheckpointFile {
  readonly fs: LedgerFs;
  readonly path: string;
  readonly signer: Signer;
  readonly origin: string;
  readonly crypto: CryptoPort;
}

/**
 * The head in the signed checkpoint; undefined when there is no such file.
 * Throws LS_LEDGER_DAMAGED when it is not a checkpoint of this log by this key.
 */
export async function readCheckpoint(file: CheckpointFile): Promise<TreeHead | undefined> {
  const note = await file.fs.read(file.path, MAX_NOTE_BYTES);
  if (note === undefined) return undefined;
  const publicKey = logKeyOfSpki(file.signer.spki) ?? new Uint8Array(0);
  const checkpoint = openCheckpoint(note, file.origin, publicKey, file.crypto);
  if (checkpoint.ok) return { size: checkpoint.value.size, root: checkpoint.value.root };
  const { error } = checkpoint;
  throw new LsError(fault('LS_LEDGER_DAMAGED', `${file.path}: ${error.detail}`, error));
}

/** Replaces the checkpoint: after a crash at any moment the path holds the old one or the new one. */
export async function writeCheckpoint(file: CheckpointFile, head: TreeHead): Promise<void> {
  const { fs, path, origin, signer, crypto } = file;
  const note = signCheckpoint({ origin, ...head }, signer, crypto);
  const fresh = `${path}${NEW_SUFFIX}`;
  await fs.remove(fresh);
  const written = await fs.open(fresh);
  try {
    await written.write(note, 0);
    await written.datasync();
  } finally {
    await written.close();
  }
  await fs.rename(fresh, path);
  await fs.syncDir(dirname(path));
}
