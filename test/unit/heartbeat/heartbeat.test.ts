import { describe, expect, it } from 'vitest';
import { LsError } from '../../../src/std/index.ts';
import {
  decodeHeartbeat,
  HEARTBEAT_FLAGS,
  MAX_HEARTBEAT_BYTES,
  signHeartbeat,
} from '../../../src/heartbeat/index.ts';
import type { Heartbeat } from '../../../src/heartbeat/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { digestNamed, fullHeartbeat, sampleDomain, slimHeartbeat } from '../../support/record-samples.ts';
import { valueOf } from '../../support/result.ts';

const SLIM_BUDGET_BYTES = 190;
const FULL_BUDGET_BYTES = 420;

const signed = (body: Heartbeat, algorithm: 'ES256' | 'Ed25519' = 'ES256') =>
  signHeartbeat(body, testKey(algorithm), sampleDomain, testCrypto);

/** Every number at its bound: what a slim heartbeat can never exceed. */
const extremeHeartbeat: Heartbeat = {
  ...slimHeartbeat,
  epoch: 2 ** 48,
  seq: 2 ** 48,
  intervalMs: 60_000,
  flags: 7,
  health: 8,
  crlNumber: 2 ** 48,
  rosterNumber: 2 ** 48,
};

describe('the size budget of a heartbeat', () => {
  it.each(['ES256', 'Ed25519'] as const)(
    'is kept by a slim one with %s, even with every number at its bound',
    (name) => {
      expect(signed(slimHeartbeat, name).bytes.length).toBe(166);
      expect(signed(extremeHeartbeat, name).bytes.length).toBeLessThanOrEqual(SLIM_BUDGET_BYTES);
    },
  );

  it('is kept by a full one: checkpoint, three heads, one rebuttal', () => {
    const { length } = signed(fullHeartbeat).bytes;
    expect(length).toBeGreaterThan(400);
    expect(length).toBeLessThanOrEqual(FULL_BUDGET_BYTES);
  });

  it('leaves room for sixteen rebuttals at once below the cap', () => {
    const rebuts = Array.from({ length: 16 }, (_, i) => digestNamed(String(i)));
    expect(signed({ ...extremeHeartbeat, rebuts }).bytes.length).toBeLessThanOrEqual(MAX_HEARTBEAT_BYTES);
  });
});

describe('a heartbeat', () => {
  it('reads back with every field as it was', () => {
    const ext = new Map([[7, ['tag', 1]]]);
    for (const body of [slimHeartbeat, { ...fullHeartbeat, ext }, extremeHeartbeat]) {
      expect(valueOf(decodeHeartbeat(signed(body).bytes)).body).toEqual(body);
    }
  });

  it('allows every combination of the known flags', () => {
    expect(Object.values(HEARTBEAT_FLAGS).reduce((sum, bit) => sum + bit, 0)).toBe(7);
    for (let flags = 0; flags <= 7; flags++) signed({ ...slimHeartbeat, flags });
  });

  it('has the same structure hash for different signatures of one body, and another id', () => {
    const signer = testKey('ES256');
    const [first, second] = [1, 2].map(() => signHeartbeat(slimHeartbeat, signer, sampleDomain, testCrypto));
    expect(first?.structureHash).toEqual(second?.structureHash);
    expect(first?.id).not.toBe(second?.id);
  });

  it.each<[string, Partial<Heartbeat>]>([
    ['seq 0', { seq: 0 }],
    ['epoch 0', { epoch: 0 }],
    ['a short prev', { prev: new Uint8Array(31) }],
    ['an empty list of rebuttals', { rebuts: [] }],
    ['an unknown flag', { flags: 8 }],
    ['a negative key in ext', { ext: new Map([[-1, 0]]) }],
    ['more than the cap in ext', { ext: new Map([[1, 'x'.repeat(1024)]]) }],
  ])('is never sent with %s: the caller has a bug', (_what, wrong) => {
    expect(() => signed({ ...slimHeartbeat, ...wrong })).toThrow(LsError);
  });
});
