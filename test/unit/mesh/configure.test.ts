import { beforeEach, describe, expect, it } from 'vitest';
import { decodeHeartbeat } from '../../../src/heartbeat/index.ts';
import { DEFAULT_CORE_CONFIG, type CoreConfig } from '../../../src/mesh/index.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { valueOf } from '../../support/result.ts';

const NAMES = ['a', 'b', 'c'];
let world: MeshWorld;

beforeEach(() => {
  world = new MeshWorld(NAMES);
  world.startAll();
  world.run(3_300);
});

function configure(name: string, change: Partial<CoreConfig>): void {
  world.feed(world.node(name), { kind: 'configure', config: { ...DEFAULT_CORE_CONFIG, ...change } });
}

function judging(change: Partial<CoreConfig['judgement']['detector']>): Partial<CoreConfig> {
  const { judgement } = DEFAULT_CORE_CONFIG;
  return { judgement: { ...judgement, detector: { ...judgement.detector, ...change } } };
}

const sent = (name: string) =>
  world.entries(name, 'heartbeat-sent').map(({ record }) => valueOf(decodeHeartbeat(record)).body);
const worse = (name: string): readonly string[] =>
  world
    .node(name)
    .transitions.map(({ to }) => to)
    .filter((to) => to !== 'alive' && to !== 'unknown');

/** How long after the last heartbeat of `c` node `a` suspects it. */
function suspectedAfterMs(): number {
  world.kill('c');
  const start = world.now.mono;
  while (world.peer('a', 'c').state === 'alive') world.run(50);
  return world.now.mono - start;
}

describe('a node that runs', () => {
  it.each([100, 400, 5_000, 10_000])('changes its interval to %i ms, and nobody misses it', (intervalMs) => {
    const before = sent('a').length;
    configure('a', { intervalMs });
    world.run(50);
    expect(sent('a').at(before)?.intervalMs).toBe(intervalMs);
    world.run(60_000);
    const later = sent('a').slice(before + 1);
    expect(later.length).toBeGreaterThanOrEqual(60_000 / intervalMs - 2);
    expect(later.length).toBeLessThanOrEqual(60_000 / intervalMs + 2);
    for (const name of NAMES) expect(worse(name), name).toEqual([]);
    for (const name of NAMES) expect(world.accusedBy(name), name).toEqual([]);
  });

  it('says another interval also when a heartbeat is on its way to the disk', () => {
    world.run(700);
    for (let i = 0; i < 3; i++) {
      configure('a', { intervalMs: 10_000 - i });
    }
    world.run(20);
    expect(sent('a').at(-1)?.intervalMs).toBe(9_998);
    world.run(30_000);
    for (const name of NAMES) expect(worse(name), name).toEqual([]);
  });

  it('judges silence by another floor at once', () => {
    const patient = judging({ floorIntervals: 8, ceilingIntervals: 10 });
    for (const name of ['a', 'b']) configure(name, patient);
    world.freeze('c');
    world.run(6_500);
    expect(world.peer('a', 'c').state).toBe('alive');
    world.run(4_000);
    expect(world.peer('a', 'c').state).not.toBe('alive');
  });

  it('judges by another grace before it concludes', () => {
    const rebuttalWaitMs = 5_000;
    for (const name of ['a', 'b']) {
      configure(name, { judgement: { ...DEFAULT_CORE_CONFIG.judgement, rebuttalWaitMs } });
    }
    suspectedAfterMs();
    world.run(4_000);
    expect(world.peer('a', 'c').state).toBe('suspect');
    world.run(3_000);
    expect(world.peer('a', 'c').state).toBe('down');
  });

  it('waits longer with who was down, when it is told to', () => {
    const recovery = { riseHeartbeats: 6, delayMs: 1_000 };
    configure('a', { judgement: { ...DEFAULT_CORE_CONFIG.judgement, recovery } });
    world.kill('c');
    world.run(4_000);
    world.start('c');
    world.run(4_000);
    expect(world.peer('a', 'c')).toMatchObject({ state: 'unknown', reason: 'recovering' });
    expect(world.peer('b', 'c').state).toBe('alive');
    world.run(4_000);
    expect(world.peer('a', 'c').state).toBe('alive');
  });
});

describe('members with different intervals', () => {
  it('on rings agree on each other though the slowest beat a tenth as often', () => {
    const names = Array.from({ length: 12 }, (_, i) => `n${String(i)}`);
    world = new MeshWorld(names);
    world.publishRoster({}, [], { k: 5, h: 3 });
    world.startAll();
    for (const name of names.slice(0, 6)) configure(name, { intervalMs: 500 });
    for (const name of names.slice(6)) configure(name, { intervalMs: 5_000 });
    world.run(60_000);
    for (const name of names) {
      expect(world.status(name), name).toMatchObject({ viewStale: false, quorate: true });
      expect(worse(name), name).toEqual([]);
    }
  });
});
