import { createPublicKey, type KeyObject } from 'node:crypto';
import { algorithmOfKey } from './curves.ts';
import type { SignatureAlgorithm } from '../../std/index.ts';

/** Public keys held at most, in two generations of half of it. Importing a key costs more than a verification. */
export const KEY_CACHE_MAX_KEYS = 4_096;

/** An SPKI longer than this is no key of ours: P-384 takes 120 bytes. */
const MAX_SPKI_BYTES = 256;

export interface PublicKey {
  readonly key: KeyObject;
  readonly algorithm: SignatureAlgorithm;
}

/** Imported public keys by their DER SubjectPublicKeyInfo. Keys not used for a whole generation are forgotten. */
export class PublicKeyCache {
  private young = new Map<string, PublicKey>();
  private old = new Map<string, PublicKey>();
  private readonly generationSize: number;

  constructor(maxKeys: number = KEY_CACHE_MAX_KEYS) {
    this.generationSize = Math.max(1, Math.floor(maxKeys / 2));
  }

  get size(): number {
    return this.young.size + this.old.size;
  }

  /** The key in `spki`; undefined when it cannot be read or is of no supported algorithm (which is not remembered). */
  get(spki: Uint8Array): PublicKey | undefined {
    if (spki.length > MAX_SPKI_BYTES) return undefined;
    const name = Buffer.from(spki.buffer, spki.byteOffset, spki.length).toString('latin1');
    const held = this.young.get(name);
    if (held !== undefined) return held;
    const found = this.old.get(name) ?? importPublicKey(spki);
    if (found !== undefined) this.remember(name, found);
    return found;
  }

  private remember(name: string, key: PublicKey): void {
    if (this.young.size >= this.generationSize) {
      this.old = this.young;
      this.young = new Map();
    }
    this.old.delete(name);
    this.young.set(name, key);
  }
}

function importPublicKey(spki: Uint8Array): PublicKey | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const algorithm = algorithmOfKey(key);
    return algorithm === undefined ? undefined : { key, algorithm };
  } catch {
    return undefined;
  }
}
