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

  it('do not ask again while the new certificate is there and waits to be used', () => {
    const renewals = new Renewals(core);
    atShare(0.74);
    expect(asked(renewals)).toBe(true);
    const { notBefore, notAfter } = core.own.credential;
    const life = notAfter - notBefore;
    const fresh = { notBefore: core.now.wall, notAfter: unixMs(core.now.wall + life) };
    renewals.renewed(fresh);
    // It is in use when the ledger has the change of keys, which a slow disk delays.
    expect(asked(renewals)).toBe(false);
    atShare(0.9);
    expect(asked(renewals)).toBe(false);
    core.own.credential = { ...core.own.credential, ...fresh };
    expect(asked(renewals)).toBe(false);
    atShare(0.74);
    expect(asked(renewals)).toBe(true);
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
    later(core.config.renewRetryMs / 2 - 1);
    expect(asked(renewals)).toBe(false);
    later(core.config.renewRetryMs * 1.5);
    expect(asked(renewals)).toBe(true);
    const { notBefore, notAfter } = core.own.credential;
    core.own.credential = {
      ...core.own.credential,
      notBefore: unixMs(core.now.wall),
      notAfter: unixMs(core.now.wall + notAfter - notBefore),
    };
    renewals.renewed(core.own.credential);
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

describe('a CA that says when to ask again', () => {
  /** How long after a refusal with `afterMs` a node asks again whose certificate has used up this share. */
  function pauseAfter(share: number, afterMs: number): number {
    const renewals = new Renewals(core);
    atShare(share);
    expect(asked(renewals)).toBe(true);
    renewals.defer(afterMs);
    return renewals.nextDeadline - core.now.mono;
  }
  const usual = (): number => core.config.renewRetryMs;

  it('is asked no sooner, and not by all at once', () => {
    const told = 4 * usual();
    const pauses = Array.from({ length: 50 }, () => pauseAfter(0.74, told));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(told);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1.5 * told);
    expect(new Set(pauses).size).toBeGreaterThan(1);
  });

  it.each([0, -1, NaN, 1])('is asked as ever where it says %d ms', (told) => {
    const pause = pauseAfter(0.74, told);
    expect(pause).toBeGreaterThanOrEqual(usual() / 2);
    expect(pause).toBeLessThanOrEqual(1.5 * usual());
  });

  it('is asked within the hour, and while there is time for more', () => {
    expect(pauseAfter(0.74, 1e12)).toBe(60 * MINUTE_MS);
    const { notBefore, notAfter } = core.own.credential;
    const leftMs = (notAfter - notBefore) * 0.01;
    expect(leftMs / 4).toBeLessThan(60 * MINUTE_MS);
    expect(pauseAfter(0.99, 1e12)).toBeLessThanOrEqual(leftMs / 4 + 1);
  });

  it('puts nobody off who has not asked', () => {
    const renewals = new Renewals(core);
    const due = renewals.nextDeadline;
    renewals.defer(60 * MINUTE_MS);
    expect(renewals.nextDeadline).toBe(due);
  });
});

const MINUTE_MS = 60_000;
const NODES = 100;

interface Outage {
  readonly lifetimeMs: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Nodes whose certificates began in the same second, and when they ask a CA that is away for some time. */
function askThrough({ lifetimeMs, fromMs, untilMs }: Outage) {
  const begun = core.now.wall;
  const options = new MeshWorld(['a', 'b']).optionsOf('a');
  const nodes = Array.from({ length: NODES }, () => {
    const own = assemble(options);
    const { credential } = own.own;
    own.own.credential = { ...credential, notBefore: begun, notAfter: unixMs(begun + lifetimeMs) };
    return { core: own, renewals: new Renewals(own), renewedAtMs: NaN, warned: false };
  });
  const askedInSecond: number[] = [];
  for (let ms = 0; ms < lifetimeMs; ms += 1_000) {
    let asking = 0;
    for (const node of nodes.filter(({ renewedAtMs }) => Number.isNaN(renewedAtMs))) {
      node.core.now = { wall: unixMs(begun + ms), mono: monoMs(ms) };
      node.renewals.tick();
      const effects = node.core.out.drain();
      node.warned ||= effects.some(
        (effect) => effect.kind === 'report' && effect.fault.code === 'LS_MESH_RENEWAL_LATE',
      );
      if (!effects.some(({ kind }) => kind === 'renew')) continue;
      asking += 1;
      if (ms < fromMs || ms >= untilMs) node.renewedAtMs = ms;
    }
    askedInSecond.push(asking);
  }
  return { nodes, askedInSecond };
}

describe('a CA that is away for ten minutes, under certificates of half an hour', () => {
  const outage = { lifetimeMs: 30 * MINUTE_MS, fromMs: 17 * MINUTE_MS, untilMs: 27 * MINUTE_MS };

  it('is told of by every node, and gives all of them a new certificate in time', () => {
    const { nodes } = askThrough(outage);
    expect(nodes.every(({ warned }) => warned)).toBe(true);
    for (const { renewedAtMs } of nodes) {
      expect(renewedAtMs).toBeGreaterThanOrEqual(outage.untilMs);
      expect(renewedAtMs).toBeLessThan(outage.untilMs + 1.5 * MINUTE_MS + 1_000);
    }
  });

  it('is not stormed when it is back, nor while it is away', () => {
    const { askedInSecond } = askThrough(outage);
    expect(Math.max(...askedInSecond)).toBeLessThanOrEqual(NODES / 8);
  });

  it('is asked more often for certificates that live for minutes', () => {
    const lifetimeMs = 10 * MINUTE_MS;
    const { nodes } = askThrough({ lifetimeMs, fromMs: 5 * MINUTE_MS, untilMs: 9 * MINUTE_MS });
    for (const { renewedAtMs } of nodes) expect(renewedAtMs).toBeLessThan(9 * MINUTE_MS + 31_000);
  });
});

describe('nodes that started in one second with certificates that were late', () => {
  it('ask at once, and drift apart while the CA is away', () => {
    const lifetimeMs = 7 * 24 * 60 * MINUTE_MS;
    const { notBefore } = core.own.credential;
    const options = new MeshWorld(['a', 'b']).optionsOf('a');
    const nodes = Array.from({ length: NODES }, () => {
      const own = assemble(options);
      own.own.credential = {
        ...own.own.credential,
        notBefore: unixMs(notBefore - 0.8 * lifetimeMs),
        notAfter: unixMs(notBefore + 0.2 * lifetimeMs),
      };
      return { core: own, renewals: new Renewals(own) };
    });
    const start = core.now;
    const askedInSecond = Array.from({ length: 600 }, (_, second) => {
      const asking = nodes.filter(({ core: own, renewals }) => {
        own.now = { wall: unixMs(start.wall + second * 1_000), mono: monoMs(start.mono + second * 1_000) };
        renewals.tick();
        return own.out.drain().some(({ kind }) => kind === 'renew');
      });
      return asking.length;
    });
    expect(askedInSecond[0]).toBe(NODES);
    expect(Math.max(...askedInSecond.slice(1))).toBeLessThanOrEqual(NODES / 8);
  });
});
