import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { recordAlgorithmOf } from '../../../src/heartbeat/index.ts';
import { testKey } from '../../support/crypto.ts';

it('reads P-256 and Ed25519 off the public key', () => {
  expect(recordAlgorithmOf(testKey('ES256').spki)).toBe('ES256');
  expect(recordAlgorithmOf(testKey('Ed25519').spki)).toBe('Ed25519');
});

it('knows no other kind of key', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    type: 'spki',
    format: 'der',
  });
  const x25519 = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' });
  const k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({
    type: 'spki',
    format: 'der',
  });
  for (const spki of [rsa, x25519, k1, testKey('ES384').spki, new Uint8Array()]) {
    expect(recordAlgorithmOf(spki)).toBeUndefined();
  }
});

it('accepts a key in one length only', () => {
  const { spki } = testKey('ES256');
  expect(recordAlgorithmOf(spki.subarray(1))).toBeUndefined();
  expect(recordAlgorithmOf(spki.subarray(0, -1))).toBeUndefined();
  expect(recordAlgorithmOf(new Uint8Array([...spki, 0]))).toBeUndefined();
});
