import { describe, expect, it, vi } from 'vitest';
import { AckBook, MAX_ACKING_NODES, MAX_WAITERS } from '../../../../src/api/index.ts';
import { nodeIdOf, type NodeId } from '../../../../src/std/index.ts';

function id(index: number): NodeId {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, index);
  const nodeId = nodeIdOf(bytes);
  if (nodeId === undefined) throw new Error('no id');
  return nodeId;
}

const goal = { crlNumber: 5, rosterNumber: 3 };

describe('AckBook', () => {
  it('counts a node once it enforces both numbers, or newer ones', () => {
    const book = new AckBook();
    book.record(id(1), { crlNumber: 5, rosterNumber: 2 });
    expect(book.reached(goal, [id(1)]).size).toBe(0);
    book.record(id(1), { crlNumber: 4, rosterNumber: 9 });
    expect([...book.reached(goal, [id(1), id(2)])]).toEqual([id(1)]);
  });

  it('counts only the members asked about', () => {
    const book = new AckBook();
    book.record(id(1), goal);
    expect(book.reached(goal, [id(2)]).size).toBe(0);
  });

  it('shares what a node newly says here, and nothing of what it has said elsewhere', () => {
    const shared: unknown[] = [];
    const book = new AckBook((nodeId, said) => shared.push([nodeId, said]));
    book.record(id(1), goal);
    book.record(id(1), goal);
    book.learn(id(2), goal);
    book.record(id(2), { crlNumber: 5, rosterNumber: 2 });
    expect(shared).toEqual([[id(1), goal]]);
    book.record(id(2), { crlNumber: 6, rosterNumber: 3 });
    expect(shared).toHaveLength(2);
    expect(book.reached(goal, [id(1), id(2)]).size).toBe(2);
  });

  it('answers a wait as soon as enough have it', async () => {
    const book = new AckBook();
    const waiting = book.wait(goal, new Set([id(1), id(2), id(3)]), 2, 60_000);
    book.record(id(1), goal);
    book.record(id(9), goal);
    book.record(id(3), goal);
    expect((await waiting).size).toBe(2);
  });

  it('answers with what is known when the time is up', async () => {
    vi.useFakeTimers();
    try {
      const book = new AckBook();
      const waiting = book.wait(goal, new Set([id(1), id(2)]), 2, 1_000);
      book.record(id(1), goal);
      await vi.advanceTimersByTimeAsync(1_000);
      expect([...(await waiting)]).toEqual([id(1)]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('answers everybody when it closes', async () => {
    const book = new AckBook();
    const waiting = book.wait(goal, new Set([id(1)]), 1, 60_000);
    book.close();
    expect((await waiting).size).toBe(0);
  });

  it('lets a bounded number wait and answers one more at once', async () => {
    const book = new AckBook();
    const waiting = Array.from({ length: MAX_WAITERS }, () => book.wait(goal, new Set([id(1)]), 1, 60_000));
    expect((await book.wait(goal, new Set([id(1)]), 1, 60_000)).size).toBe(0);
    book.close();
    await Promise.all(waiting);
  });

  it('remembers a bounded number of nodes, the newest', () => {
    const book = new AckBook();
    for (let i = 0; i <= MAX_ACKING_NODES; i++) book.record(id(i), goal);
    expect(book.reached(goal, [id(0)]).size).toBe(0);
    expect(book.reached(goal, [id(1), id(MAX_ACKING_NODES)]).size).toBe(2);
  });
});
