import { describe, expect, it } from 'vitest';
import { infiltrate, Measurement, World } from '../../../src/sim/index.ts';
import { hashedCrypto } from '../../support/sim-crypto.ts';

function measured(nodes: number, hostile = 0) {
  const world = new World({ seed: 2, nodes, crypto: hashedCrypto() });
  infiltrate(world, hostile);
  const measurement = new Measurement(world);
  measurement.form();
  measurement.round();
  measurement.round();
  return measurement.result();
}

describe('a measurement', { timeout: 30_000 }, () => {
  it('tells how fast deaths are known, and what members cost', () => {
    const result = measured(5);
    expect(result.crash).toMatchObject({ missed: 0, all: { count: 1 }, first: { count: 1 } });
    expect(result.crash.all?.most).toBeLessThan(1_500);
    expect(result.silence.all?.most).toBeLessThan(3_600);
    expect(result).toMatchObject({
      falseDeaths: 0,
      mistakes: 0,
      queryAccuracy: 1,
      mistakeEveryMs: undefined,
    });
    expect(result.perNodeAndSecond.signed).toBeGreaterThan(0.9);
    expect(result.perNodeAndSecond.bytesOut).toBeGreaterThan(500);
  });

  it('is the same for the same seed', () => {
    expect(measured(4)).toEqual(measured(4));
  });

  it('counts no adversary among those who are wrong', () => {
    expect(measured(5, 2)).toMatchObject({ falseDeaths: 0 });
  });
});
