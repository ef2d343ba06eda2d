import { describe, expect, it } from 'vitest';
import { chooseDuplicate, type LinkRole } from '../../../src/link/index.ts';
import { nodeIdOf, type NodeId } from '../../../src/std/index.ts';

function node(byte: number): NodeId {
  const id = nodeIdOf(new Uint8Array(16).fill(byte));
  if (id === undefined) throw new Error('16 bytes are a node id');
  return id;
}

const LOW = node(1);
const HIGH = node(2);
const OTHER_SIDE: Record<LinkRole, LinkRole> = { dialer: 'listener', listener: 'dialer' };

describe('chooseDuplicate', () => {
  it('keeps the link that the lower id dialled, whichever came first', () => {
    expect(chooseDuplicate(LOW, HIGH, 'dialer', 'listener')).toBe('first');
    expect(chooseDuplicate(LOW, HIGH, 'listener', 'dialer')).toBe('second');
    expect(chooseDuplicate(HIGH, LOW, 'dialer', 'listener')).toBe('second');
    expect(chooseDuplicate(HIGH, LOW, 'listener', 'dialer')).toBe('first');
  });

  it('keeps the second when one side dialled both', () => {
    for (const role of ['dialer', 'listener'] as const) {
      expect(chooseDuplicate(LOW, HIGH, role, role)).toBe('second');
    }
  });

  it('answers the same on both sides', () => {
    for (const first of ['dialer', 'listener'] as const) {
      for (const second of ['dialer', 'listener'] as const) {
        expect(chooseDuplicate(HIGH, LOW, OTHER_SIDE[first], OTHER_SIDE[second])).toBe(
          chooseDuplicate(LOW, HIGH, first, second),
        );
      }
    }
  });
});
