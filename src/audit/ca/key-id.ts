import { toHex } from '../../std/index.ts';
import type { CaState } from './state.ts';

const KEY_ID = /^[0-9a-f]{32}$/;
const ROOT_KEY = /^root(?:-[0-9]+)?$/;
const KEY_ID_BYTES = 16;

/** What a key of a CA is called in its ledger: the first half of SHA-256 over its public key. */
export function keyIdOf({ crypto }: Pick<CaState, 'crypto'>, spki: Uint8Array): string {
  return toHex(crypto.sha256(spki).subarray(0, KEY_ID_BYTES));
}

/** A root is called by the name that it has, and no other key is. */
export function isKeyNamed(state: CaState, name: string, keyId: string): boolean {
  const root = state.roots.find(({ certificate }) => keyIdOf(state, certificate.spki) === keyId);
  if (!KEY_ID.test(keyId)) return false;
  if (root === undefined) return !ROOT_KEY.test(name);
  return name === (root.generation === 1 ? 'root' : `root-${String(root.generation)}`);
}
