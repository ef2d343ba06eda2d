import { describe, expect, it } from 'vitest';
import { MAX_LIMITED_MEMBERS, MEMBER_MESSAGES_BURST, MemberLimits } from '../../../src/mesh/member-limits.ts';
import { monoMs, type NodeId } from '../../../src/std/index.ts';

const NOW = monoMs(1_000);
const nodeId = (n: number): NodeId => n.toString(16).padStart(32, '0') as NodeId;

describe('the limits of members', () => {
  it('count each member for itself', () => {
    const limits = new MemberLimits();
    for (let i = 0; i < MEMBER_MESSAGES_BURST; i++) expect(limits.take(nodeId(1), NOW)).toBe(true);
    expect(limits.take(nodeId(1), NOW)).toBe(false);
    expect(limits.take(nodeId(2), NOW)).toBe(true);
  });

  it('remember as many members as their bound, and forget the oldest for one more', () => {
    const limits = new MemberLimits();
    for (let i = 0; i < MEMBER_MESSAGES_BURST; i++) limits.take(nodeId(0), NOW);
    for (let n = 1; n < MAX_LIMITED_MEMBERS; n++) limits.take(nodeId(n), NOW);
    expect(limits.size).toBe(MAX_LIMITED_MEMBERS);
    expect(limits.take(nodeId(0), NOW)).toBe(false);
    limits.take(nodeId(MAX_LIMITED_MEMBERS), NOW);
    expect(limits.size).toBe(MAX_LIMITED_MEMBERS);
    expect(limits.take(nodeId(0), NOW)).toBe(true);
  });
});
