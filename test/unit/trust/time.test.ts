import { describe, expect, it } from 'vitest';
import { unixMs } from '../../../src/std/index.ts';
import { trustedNow } from '../../../src/trust/index.ts';

const at = (system: number, newestThisUpdate?: number, highWater?: number): number =>
  trustedNow({
    system: unixMs(system),
    newestThisUpdate: newestThisUpdate === undefined ? undefined : unixMs(newestThisUpdate),
    highWater: highWater === undefined ? undefined : unixMs(highWater),
  });

describe('trusted time', () => {
  it('is the system clock as long as nothing contradicts it', () => {
    expect(at(1000)).toBe(1000);
    expect(at(1000, 900, 950)).toBe(1000);
  });

  it('is not behind the newest verified CRL', () => {
    expect(at(1000, 2000)).toBe(2000);
  });

  it('is not behind what this host has judged by before', () => {
    expect(at(1000, undefined, 3000)).toBe(3000);
    expect(at(1000, 2000, 3000)).toBe(3000);
  });
});
