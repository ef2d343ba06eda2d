import { beforeEach, describe, expect, it } from 'vitest';
import { assemble } from '../../../src/mesh/assemble.ts';
import type { Core } from '../../../src/mesh/core.ts';
import { Renewals } from '../../../src/mesh/renewals.ts';
import { monoMs, unixMs } from '../../../src/std/index.ts';
import { MeshWorld } from '../../support/mesh-world.ts';

let core: Core;
let startWall: number;

beforeEach(() => {
  core = assemble(new MeshWorld(['a', 'b']).optionsOf('a'));
  startWall = core.now.wall;
});

/** The share of the certificate's lifetime that has passed. */
function atShare(share: number): void {
  const { notBefore, notAfter } = core.own.credential;
  const wall = Math.ceil(notBefore + (notAfter - notBefore) * share);
  core.now = { wall: unixMs(wall), mono: monoMs(wall - startWall) };
}

function asked(renewals: Renewals): boolean {
  renewals.tick();
  return core.out.drain().some(({ kind }) => kind === 'renew');
}

describe('Renewals', () => {
  it('ask at two thirds of the lifetime, a tenth sooner or later, spread over nodes', () => {
    const { renewAtShare, renewJitterShare, intervalMs } = core.config;
    expect([renewAtShare, renewJitterShare]).toEqual([2 / 3, 0.1]);
    const { notBefore, notAfter } = core.own.credential;
    const shares = Array.from({ length: 200 }, () => {
      const due = new Renewals(core).nextDeadline - core.now.mono + core.now.wall;
      return (due - notBefore) / (notAfter - notBefore);
    });
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.6);
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.734);
    expect(Math.max(...shares) - Math.min(...shares)).toBeGreaterThan(0.1);
    expect(intervalMs).toBeGreaterThan(0);
  });

  it('do not ask before it is time, and ask once when it is', () => {
    const renewals = new Renewals(core);
    atShare(0.59);
    expect(asked(renewals)).toBe(false);
    atShare(0.74);
    expect(asked(renewals)).toBe(true);
    expect(asked(renewals)).toBe(false);
  });

  it('ask again while the CA does not answer, and stop when there is a new certificate', () => {
    const renewals = new Renewals(core);
    atShare(0.74);
    expect(asked(renewals)).toBe(true);
    const { mono, wall } = core.now;
    const later = (ms: number): void => {
      core.now = { mono: monoMs(mono + ms), wall: unixMs(wall + ms) };
    };
    later(core.config.renewRetryMs - 1);
    expect(asked(renewals)).toBe(false);
    later(core.config.renewRetryMs);
    expect(asked(renewals)).toBe(true);
    const { notBefore, notAfter } = core.own.credential;
    core.own.credential = {
      ...core.own.credential,
      notBefore: unixMs(core.now.wall),
      notAfter: unixMs(core.now.wall + notAfter - notBefore),
    };
    renewals.renewed();
    later(10 * core.config.renewRetryMs);
    expect(asked(renewals)).toBe(false);
  });

  it('say so loudly from five sixths of the lifetime on', () => {
    const renewals = new Renewals(core);
    const loud = (): boolean => {
      renewals.tick();
      return core.out
        .drain()
        .some(
          (effect) =>
            effect.kind === 'report' &&
            effect.level === 'error' &&
            effect.fault.code === 'LS_MESH_RENEWAL_LATE',
        );
    };
    atShare(0.82);
    expect(loud()).toBe(false);
    atShare(0.84);
    expect(loud()).toBe(true);
  });

  it('ask at once when the certificate is already late', () => {
    atShare(0.9);
    expect(new Renewals(core).nextDeadline).toBe(core.now.mono);
  });
});
