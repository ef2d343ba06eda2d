import { logKeyOfSpki } from '../../src/ledger/index.ts';
import type { Signer } from '../../src/std/index.ts';

/** The 32 bytes of an Ed25519 public key. */
export function rawKey({ spki }: Signer): Uint8Array {
  const raw = logKeyOfSpki(spki);
  if (raw === undefined) throw new Error('not an Ed25519 key');
  return raw;
}
