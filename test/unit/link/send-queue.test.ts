import { describe, expect, it } from 'vitest';
import { SEND_QUEUE_MAX_BYTES, SEND_QUEUE_MAX_FRAMES, SendQueue } from '../../../src/link/index.ts';

const SMALL = { maxBytes: 100, maxFrames: 4 };

function frame(name: number, length = 1): Uint8Array {
  return new Uint8Array(length).fill(name);
}

function drain(queue: SendQueue): readonly (number | undefined)[] {
  const names: (number | undefined)[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) names.push(next[0]);
  return names;
}

describe('SendQueue', () => {
  it('sends control before CRLs before records before heartbeats, each in order', () => {
    const queue = new SendQueue();
    queue.push(frame(1), 'heartbeat');
    queue.push(frame(2), 'record');
    queue.push(frame(3), 'crl');
    queue.push(frame(4), 'control');
    queue.push(frame(5), 'heartbeat');
    queue.push(frame(6), 'control');
    expect(drain(queue)).toEqual([4, 6, 3, 2, 1, 5]);
    expect([queue.bytes, queue.frames, queue.dropped]).toEqual([0, 0, 0]);
  });

  it('drops the oldest heartbeat at its bound + 1', () => {
    const queue = new SendQueue(SMALL);
    for (let name = 1; name <= 5; name++) expect(queue.push(frame(name), 'heartbeat')).toBe('queued');
    expect(queue.dropped).toBe(1);
    expect(drain(queue)).toEqual([2, 3, 4, 5]);
  });

  it('drops heartbeats before records, and records before it gives up', () => {
    const queue = new SendQueue(SMALL);
    queue.push(frame(1), 'record');
    queue.push(frame(2), 'heartbeat');
    for (const name of [3, 4, 5]) queue.push(frame(name), 'control');
    expect(queue.push(frame(6), 'control')).toBe('queued');
    expect(drain(queue)).toEqual([3, 4, 5, 6]);
  });

  it('drops a new heartbeat itself when only more important frames wait', () => {
    const queue = new SendQueue(SMALL);
    for (const name of [1, 2, 3, 4]) queue.push(frame(name), 'crl');
    expect(queue.push(frame(5), 'heartbeat')).toBe('queued');
    expect(drain(queue)).toEqual([1, 2, 3, 4]);
  });

  it('never drops control or CRLs: it says overflow at the bound + 1', () => {
    for (const sendClass of ['control', 'crl'] as const) {
      const queue = new SendQueue(SMALL);
      for (const name of [1, 2, 3, 4]) expect(queue.push(frame(name), sendClass)).toBe('queued');
      expect(queue.push(frame(5), sendClass)).toBe('overflow');
      expect(drain(queue)).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it('counts bytes as well as frames', () => {
    const queue = new SendQueue(SMALL);
    queue.push(frame(1, 60), 'heartbeat');
    queue.push(frame(2, 40), 'heartbeat');
    expect(queue.bytes).toBe(100);
    queue.push(frame(3, 1), 'heartbeat');
    expect(queue.bytes).toBe(41);
    expect(drain(queue)).toEqual([2, 3]);
  });

  it('holds its default bounds at bound + 1', () => {
    const many = new SendQueue();
    for (let i = 0; i <= SEND_QUEUE_MAX_FRAMES; i++) many.push(frame(0), 'heartbeat');
    expect([many.frames, many.dropped]).toEqual([SEND_QUEUE_MAX_FRAMES, 1]);
    const large = new SendQueue();
    const half = new Uint8Array(SEND_QUEUE_MAX_BYTES / 2);
    for (let i = 0; i < 3; i++) large.push(half, 'heartbeat');
    expect(large.bytes).toBe(SEND_QUEUE_MAX_BYTES);
  });
});
