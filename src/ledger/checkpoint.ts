import type { TreeHead } from '../heartbeat/index.ts';
import { err, fault, ok } from '../std/index.ts';
import type { CryptoPort, Fault, NodeId, Result, Signer } from '../std/index.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { HASH_BYTES } from './hash.ts';
import { signNote, verifyNote } from './note.ts';
import { noteKey } from './note-key.ts';

/** What a log says of itself at one size. Source: C2SP tlog-checkpoint. */
export interface Checkpoint extends TreeHead {
  /** Names the log; also the name of its key. */
  readonly origin: string;
}

const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;

/** The origin of a node's log: `lifesign/<trust domain>/<node id>`. */
export function logOrigin(trustDomain: string, nodeId: NodeId): string {
  return `lifesign/${trustDomain}/${nodeId}`;
}

/** The origin of the CA's log: `lifesign/<trust domain>/ca`, which no node id is. */
export function caLogOrigin(trustDomain: string): string {
  return `lifesign/${trustDomain}/ca`;
}

/** The note text of a checkpoint without extension lines. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${String(size)}\n${toBase64(root)}\n`;
}

/** Extension lines are accepted and ignored. Errors: LS_LEDGER_CHECKPOINT. */
export function parseCheckpoint(text: string): Result<Checkpoint, Fault> {
  const lines = text.split('\n');
  const end = lines.pop();
  const [origin = '', sizeText = '', rootText = ''] = lines;
  if (end !== '' || lines.length < 3 || lines.includes('')) return refuse('not three non-empty lines');
  const size = Number(sizeText);
  if (!SIZE.test(sizeText) || !Number.isSafeInteger(size)) return refuse(`tree size "${sizeText}"`);
  const root = fromBase64(rootText);
  if (root?.length !== HASH_BYTES) return refuse('the root hash is not 32 bytes of base64');
  return ok({ origin, size, root });
}

/** A checkpoint as the signed note that its log publishes. Requires: an Ed25519 signer. */
export function signCheckpoint(
  checkpoint: Checkpoint,
  signer: Signer,
  crypto: Pick<CryptoPort, 'sha256'>,
): Uint8Array {
  return signNote(formatCheckpoint(checkpoint), checkpoint.origin, signer, crypto);
}

/**
 * The checkpoint in a note signed by the log `origin` with the raw Ed25519 key `publicKey`.
 * Errors: LS_LEDGER_NOTE, LS_LEDGER_NOTE_KEY, LS_LEDGER_NOTE_SIGNATURE, LS_LEDGER_CHECKPOINT.
 */
export function openCheckpoint(
  note: Uint8Array,
  origin: string,
  publicKey: Uint8Array,
  crypto: Pick<CryptoPort, 'sha256' | 'verify'>,
): Result<Checkpoint, Fault> {
  const key = noteKey(origin, publicKey, crypto);
  if (!key.ok) return key;
  const text = verifyNote(note, key.value, crypto);
  if (!text.ok) return text;
  const checkpoint = parseCheckpoint(text.value);
  if (!checkpoint.ok) return checkpoint;
  return checkpoint.value.origin === origin
    ? checkpoint
    : refuse(`the origin is ${checkpoint.value.origin}, not ${origin}`);
}

function refuse(detail: string): Result<never, Fault> {
  return err(fault('LS_LEDGER_CHECKPOINT', detail));
}
