import { describe, expect, it } from 'vitest';
import { PublicKeyCache } from '../../../../src/io/crypto/key-cache.ts';
import { generateKey } from '../../../../src/io/index.ts';

describe('PublicKeyCache', () => {
  it('gives the same object for the same key', () => {
    const cache = new PublicKeyCache(4);
    const { spki } = generateKey('Ed25519').signer;
    expect(cache.get(spki)).toBeDefined();
    expect(cache.get(Uint8Array.from(spki))).toBe(cache.get(spki));
    expect(cache.size).toBe(1);
  });

  it('stays within its bound at bound + 1 keys, and keeps the one in use', () => {
    const cache = new PublicKeyCache(4);
    const hot = generateKey('Ed25519').signer.spki;
    const held = cache.get(hot);
    for (let i = 0; i < 5; i++) {
      cache.get(generateKey('Ed25519').signer.spki);
      expect(cache.get(hot)).toBe(held);
      expect(cache.size).toBeLessThanOrEqual(4);
    }
  });

  it('does not remember what is no key', () => {
    const cache = new PublicKeyCache(4);
    expect(cache.get(new Uint8Array(44))).toBeUndefined();
    expect(cache.get(new Uint8Array(257))).toBeUndefined();
    expect(cache.size).toBe(0);
  });
});
