import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignObservers, type RingRoster } from '../../../src/membership/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { hash, nodeIdNamed, nodeName } from '../../support/record-samples.ts';

function roster(count: number, k: number): RingRoster {
  const members = Array.from({ length: count }, (_, i) => ({
    nodeId: nodeIdNamed(`n${String(i)}`),
    name: nodeName(`n${String(i)}`),
    state: 'active' as const,
  }));
  return { salt: hash('salt').subarray(0, 16), k, members };
}

describe('observers on rings', () => {
  it('are everyone else when K is N − 1', () => {
    const rings = assignObservers(roster(5, 4), testCrypto);
    const { members } = rings;
    for (const subject of members) {
      expect(new Set(rings.observersOf(subject))).toEqual(
        new Set(members.filter((other) => other !== subject)),
      );
    }
  });

  it('are min(K, N − 1) distinct members, never the subject itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 9 }), (count, k) => {
        const rings = assignObservers(roster(count, k), testCrypto);
        for (const subject of rings.members) {
          const observers = rings.observersOf(subject);
          expect(new Set(observers).size).toBe(Math.min(k, count - 1));
          expect(observers).not.toContain(subject);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('name the one ring on which an observer is entitled', () => {
    const rings = assignObservers(roster(8, 3), testCrypto);
    const { members } = rings;
    const subject = members[0] ?? nodeIdNamed('none');
    const observers = rings.observersOf(subject);
    expect(observers.map((observer) => rings.ringOf(observer, subject))).toEqual([0, 1, 2]);
    const bystander = members.find((member) => member !== subject && !observers.includes(member));
    expect(rings.ringOf(bystander ?? subject, subject)).toBeUndefined();
  });

  it.each(['enrolled', 'revoked', 'removed'] as const)('leave out members that are %s', (state) => {
    const base = roster(4, 3);
    const outsider = nodeIdNamed('n3');
    const members = base.members.map((member) =>
      member.nodeId === outsider ? { ...member, state } : member,
    );
    const rings = assignObservers({ ...base, members }, testCrypto);
    expect(rings.observersOf(outsider)).toEqual([]);
    expect(rings.ringOf(outsider, nodeIdNamed('n0'))).toBeUndefined();
  });

  it('do not depend on the order in which the roster lists its members', () => {
    const base = roster(9, 4);
    const forward = assignObservers(base, testCrypto);
    const backward = assignObservers({ ...base, members: [...base.members].reverse() }, testCrypto);
    for (const subject of forward.members) {
      expect(backward.observersOf(subject)).toEqual(forward.observersOf(subject));
    }
  });
});

describe('subjects', () => {
  it('are those that one observes, with and without members that are skipped', () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 6 }), some, (count, k, out) => {
        const rings = assignObservers(roster(count, k), testCrypto);
        const skipped = new Set(out.map((i) => nodeIdNamed(`n${String(i)}`)));
        for (const observer of rings.members) {
          const observed = rings.members.filter(
            (each) => rings.ringOf(observer, each, skipped) !== undefined,
          );
          expect(new Set(rings.subjectsOf(observer, skipped))).toEqual(new Set(observed));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('members that are skipped', () => {
  const some = fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { minLength: 1, maxLength: 10 });

  it('observe nobody; who can observes in their place, and keeps its own', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 20 }), fc.integer({ min: 1, max: 6 }), some, (count, k, out) => {
        const rings = assignObservers(roster(count, k), testCrypto);
        const skipped = new Set(out.map((i) => nodeIdNamed(`n${String(i)}`)));
        for (const subject of rings.members) {
          const observers = rings.observersOf(subject, skipped);
          const able = rings.members.filter((each) => each !== subject && !skipped.has(each));
          expect(observers.some((observer) => skipped.has(observer))).toBe(false);
          expect(new Set(observers).size).toBe(Math.min(k, count - 1, able.length));
          expect(observers).not.toContain(subject);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('let others speak on the ring that they take over, and nobody else', () => {
    const rings = assignObservers(roster(12, 4), testCrypto);
    const subject = nodeIdNamed('n0');
    const [first = subject, second = subject] = rings.observersOf(subject);
    const skipped = new Set([first]);
    const heirs = rings.observersOf(subject, skipped);
    for (const [ring, heir] of heirs.entries()) {
      expect(rings.mayObserve(heir, subject, ring, skipped)).toBe(true);
    }
    const outsiders = rings.members.filter(
      (each) => each !== subject && !heirs.includes(each) && !rings.observersOf(subject).includes(each),
    );
    expect(outsiders.length).toBeGreaterThan(3);
    const rings0to3 = [0, 1, 2, 3, 4, 99];
    for (const outsider of outsiders)
      expect(rings0to3.some((ring) => rings.mayObserve(outsider, subject, ring, skipped))).toBe(false);
    expect(rings.mayObserve(second, subject, 99, skipped)).toBe(false);
    expect(rings.mayObserve(nodeIdNamed('stranger'), subject, 0, skipped)).toBe(false);
  });

  it('do not take the word from who has seen less of the evidence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 20 }), fc.integer({ min: 2, max: 5 }), some, (count, k, out) => {
        const rings = assignObservers(roster(count, k), testCrypto);
        const all = out.map((i) => nodeIdNamed(`n${String(i)}`));
        const [seen, held] = [new Set(all.slice(0, 1)), new Set(all)];
        for (const subject of rings.members) {
          const usual = rings.observersOf(subject);
          for (const [ring, observer] of usual.entries())
            expect(rings.mayObserve(observer, subject, ring, held)).toBe(true);
          const first = rings.observersOf(subject, seen).find((each) => !usual.includes(each));
          const ring = first === undefined ? undefined : rings.ringOf(first, subject, seen);
          if (first !== undefined && ring !== undefined && !held.has(first))
            expect(rings.mayObserve(first, subject, ring, held)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a change of the roster', () => {
  it('moves the observers of few members', () => {
    const before = assignObservers(roster(100, 11), testCrypto);
    const after = assignObservers(roster(101, 11), testCrypto);
    const moved = before.members.flatMap((subject) =>
      after.observersOf(subject).filter((observer) => !before.observersOf(subject).includes(observer)),
    );
    // Of 1,100 places: the newcomer takes one on each ring, and pushes a few to the next.
    expect(moved.length).toBeLessThanOrEqual(3 * 11);
  });
});
