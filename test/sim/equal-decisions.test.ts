import { expect, it } from 'vitest';
import { nodeCrypto, generateKey } from '../../src/io/crypto/index.ts';
import { runSeed, type SeedPlan } from '../support/sim-seeds.ts';

const SMALL: SeedPlan = { fewest: 3, most: 4, troubleMs: 4_000 };
const REAL: SeedPlan = {
  ...SMALL,
  crypto: () => ({ port: nodeCrypto, newKey: () => generateKey('ES256').signer }),
};

it.each([0, 1, 2, 3, 4, 5])(
  'seed %i leads to the same decisions with real ES256',
  { timeout: 60_000 },
  (seed) => {
    expect(runSeed(seed, REAL).decisions).toBe(runSeed(seed, SMALL).decisions);
  },
);
