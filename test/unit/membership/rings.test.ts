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
    const { observersOf, members } = assignObservers(roster(5, 4), testCrypto);
    for (const subject of members) {
      expect(new Set(observersOf(subject))).toEqual(new Set(members.filter((other) => other !== subject)));
    }
  });

  it('are min(K, N − 1) distinct members, never the subject itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 9 }), (count, k) => {
        const { observersOf, members } = assignObservers(roster(count, k), testCrypto);
        for (const subject of members) {
          const observers = observersOf(subject);
          expect(new Set(observers).size).toBe(Math.min(k, count - 1));
          expect(observers).not.toContain(subject);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('name the one ring on which an observer is entitled', () => {
    const { observersOf, ringOf, members } = assignObservers(roster(8, 3), testCrypto);
    const subject = members[0] ?? nodeIdNamed('none');
    const observers = observersOf(subject);
    expect(observers.map((observer) => ringOf(observer, subject))).toEqual([0, 1, 2]);
    const bystander = members.find((member) => member !== subject && !observers.includes(member));
    expect(ringOf(bystander ?? subject, subject)).toBeUndefined();
  });

  it.each(['enrolled', 'revoked', 'removed'] as const)('leave out members that are %s', (state) => {
    const base = roster(4, 3);
    const outsider = nodeIdNamed('n3');
    const members = base.members.map((member) =>
      member.nodeId === outsider ? { ...member, state } : member,
    );
    const { observersOf, ringOf } = assignObservers({ ...base, members }, testCrypto);
    expect(observersOf(outsider)).toEqual([]);
    expect(ringOf(outsider, nodeIdNamed('n0'))).toBeUndefined();
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
