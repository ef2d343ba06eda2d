import { beforeEach, describe, expect, it } from 'vitest';
import { announcing, decodeHeartbeat } from '../../../src/heartbeat/index.ts';
import { PREVIOUS_ROSTER_VALID_MS } from '../../../src/membership/index.ts';
import { codesDuring } from '../../support/expect-refused.ts';
import { HostileMember, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { valueOf } from '../../support/result.ts';

const MIN_MS = 200;
const MAX_MS = 10_000;
const BOUNDS = { intervalMinMs: MIN_MS, intervalMaxMs: MAX_MS };
const REFUSED = 'LS_HEARTBEAT_INTERVAL';

/** What a node of the world has declared, oldest first. */
function declared(world: MeshWorld, name: string): readonly number[] {
  return world
    .entries(name, 'heartbeat-sent')
    .map(({ record }) => valueOf(decodeHeartbeat(record)).body.intervalMs);
}

describe('a heartbeat of a hostile member', () => {
  let world: MeshWorld;
  let mallory: HostileMember;
  let link: HostileLink;

  beforeEach(() => {
    world = new MeshWorld(['a', 'm', 's', 'x']);
    world.publishRoster({}, [], BOUNDS);
    world.start('a');
    world.run(1_200);
    mallory = new HostileMember(world, 'm');
    link = mallory.link('a');
    link.record('epoch-start', mallory.epochStart().bytes);
  });

  const codesOf = (intervalMs: number, fields = {}): readonly string[] =>
    codesDuring(world, 'a', () => {
      link.record('heartbeat', mallory.heartbeat({ intervalMs, ...fields }).bytes);
    });

  it.each([MIN_MS, MAX_MS])('that declares %i ms, a bound of the roster, is taken', (intervalMs) => {
    expect(codesOf(intervalMs)).not.toContain(REFUSED);
    expect(world.peer('a', 'm')).toMatchObject({ state: 'alive', seq: 1 });
  });

  it.each([MIN_MS - 1, MAX_MS + 1, 50, 60_000])(
    'that declares %i ms is refused, be it an answer or an announcement',
    (intervalMs) => {
      const announcement = { flags: 2, ext: announcing(2) };
      const answer = { rebuts: [mallory.heartbeat({ seq: 900 }).id] };
      for (const fields of [{}, announcement, answer]) {
        [mallory.seq, mallory.prev] = [0, new Uint8Array(32)];
        link.record('epoch-start', mallory.epochStart(mallory.epoch + 1).bytes);
        expect(codesOf(intervalMs, fields)).toContain(REFUSED);
        expect(world.peer('a', 'm')).toMatchObject({
          state: 'unknown',
          reason: 'never-heard',
          seq: 0,
          flags: [],
        });
      }
    },
  );

  it('does not stretch a deadline: refused ones are no sign of life', () => {
    codesOf(1_000);
    world.run(1_000);
    codesOf(MAX_MS + 1);
    world.run(7_000);
    expect(world.peer('a', 'm').state).not.toBe('alive');
  });

  it('is taken for a while as the roster before allowed it, and then no more', () => {
    codesOf(1_000);
    world.publishRoster({}, ['a'], { ...BOUNDS, intervalMaxMs: 2_000 });
    world.run(1_000);
    expect(codesOf(MAX_MS)).not.toContain(REFUSED);
    world.run(PREVIOUS_ROSTER_VALID_MS);
    link = mallory.link('a');
    expect(codesOf(2_001)).toContain(REFUSED);
    expect(codesOf(2_000)).not.toContain(REFUSED);
  });
});

describe('a node whose interval the roster does not allow any more', () => {
  it.each([
    ['above', { intervalMinMs: 100, intervalMaxMs: 400 }, 400],
    ['below', { intervalMinMs: 3_000, intervalMaxMs: 5_000 }, 3_000],
  ])('keeps the nearest one that it allows, and says so: %s', (_what, bounds, expected) => {
    const world = new MeshWorld(['a', 'b', 'c']);
    world.startAll();
    world.run(3_300);
    world.publishRoster({}, undefined, bounds);
    world.run(60_000);
    for (const name of ['a', 'b', 'c']) {
      expect(world.codes(name)).toContain('LS_MESH_INTERVAL_BOUND');
      const intervals = declared(world, name);
      expect(intervals[0]).toBe(1_000);
      expect(intervals.at(-1)).toBe(expected);
      expect(world.node(name).transitions.filter(({ to }) => to !== 'alive' && to !== 'unknown')).toEqual([]);
    }
  });
});
