import { describe, expect, it } from 'vitest';
import { InboundCounter } from '../../../../src/io/transport/inbound-limits.ts';

describe('InboundCounter', () => {
  it('refuses number bound + 1 from one address, and lets another address in', () => {
    const counter = new InboundCounter({ connections: 10, connectionsPerAddress: 2 });
    expect([counter.enter('a'), counter.enter('a'), counter.enter('a')]).toEqual([true, true, false]);
    expect(counter.enter('b')).toBe(true);
  });

  it('refuses number bound + 1 in all', () => {
    const counter = new InboundCounter({ connections: 2, connectionsPerAddress: 2 });
    expect([counter.enter('a'), counter.enter('b'), counter.enter('c')]).toEqual([true, true, false]);
  });

  it('has room again when one has left, and a refused one took none', () => {
    const counter = new InboundCounter({ connections: 1, connectionsPerAddress: 1 });
    for (let i = 0; i < 3; i++) {
      expect(counter.enter('a')).toBe(true);
      expect(counter.enter('b')).toBe(false);
      counter.leave('a');
    }
  });
});
