import { describe, expect, it } from 'vitest';
import { EventQueue, NodeClock, SeededRandom, SimDisk, Trace } from '../../../src/sim/index.ts';
import { monoMs, unixMs } from '../../../src/std/index.ts';
import { hashedCrypto } from '../../support/sim-crypto.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const drawn = (random: SeededRandom, count: number): number[] =>
  Array.from({ length: count }, () => random.next());

describe('the dice', () => {
  it('give the same draws for the same seed, and others for another', () => {
    expect(drawn(new SeededRandom(5), 20)).toEqual(drawn(new SeededRandom(5), 20));
    expect(drawn(new SeededRandom(5), 20)).not.toEqual(drawn(new SeededRandom(6), 20));
  });

  it('are not all zeros for seed 0', () => {
    expect(new Set(drawn(new SeededRandom(0), 20)).size).toBe(20);
  });

  it('spread evenly over a range', () => {
    const random = new SeededRandom(3);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const at = random.below(10);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  it('of a part do not move those of the whole', () => {
    const [one, other] = [new SeededRandom(9), new SeededRandom(9)];
    drawn(one.fork(), 100);
    other.fork();
    expect(drawn(one, 5)).toEqual(drawn(other, 5));
  });

  it('sample without repeating', () => {
    const chosen = new SeededRandom(1).sample([1, 2, 3, 4], 9);
    expect([...chosen].sort()).toEqual([1, 2, 3, 4]);
  });
});

describe('the queue', () => {
  it('runs what is due in order of time, then in the order of scheduling', () => {
    const queue = new EventQueue();
    const random = new SeededRandom(2);
    const ran: [number, number][] = [];
    for (let i = 0; i < 500; i++) {
      const at = random.below(50);
      queue.push(at, () => ran.push([at, i]));
    }
    while (queue.nextAt !== undefined) queue.shift()?.();
    expect(ran).toEqual([...ran].sort((a, b) => a[0] - b[0] || a[1] - b[1]));
    expect(ran).toHaveLength(500);
    expect(queue.size).toBe(0);
  });
});

describe('the trace', () => {
  it('differs after any change of content or order', () => {
    const digest = (...values: number[]): string => {
      const trace = new Trace();
      for (const value of values) trace.number(value);
      return trace.digest;
    };
    expect(digest(1, 2)).toBe(digest(1, 2));
    expect(new Set([digest(), digest(0), digest(1, 2), digest(2, 1), digest(1, 2, 0)]).size).toBe(5);
  });

  it('covers every byte', () => {
    const digest = (bytes: Uint8Array): string => {
      const trace = new Trace();
      trace.bytes(bytes);
      return trace.digest;
    };
    const bytes = new Uint8Array(11);
    const seen = new Set([digest(bytes)]);
    for (let i = 0; i < bytes.length; i++) {
      const changed = new Uint8Array(bytes);
      changed[i] = 1;
      seen.add(digest(changed));
    }
    expect(seen.size).toBe(bytes.length + 1);
  });
});

describe('a clock', () => {
  it('drifts, and knows when it will show a reading', () => {
    const clock = new NodeClock(unixMs(1_000_000), 500, 0.01);
    expect(clock.read(1_000)).toEqual({ mono: 1_510, wall: 1_001_010 });
    expect(clock.timeOf(monoMs(1_510))).toBeCloseTo(1_000);
  });

  it('that is set moves its wall time alone', () => {
    const clock = new NodeClock(unixMs(0), 0, 0);
    clock.jump(-5_000);
    expect(clock.read(10_000)).toEqual({ mono: 10_000, wall: 5_000 });
  });
});

describe('a disk', () => {
  const state = (epoch: number) => ({ epoch, trustedTimeMs: unixMs(0), pins: [] });

  it('keeps a first part of what was under way at a crash, and nothing arrives later', () => {
    const found = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const disk = new SimDisk(1, false);
      const writes = [1, 2, 3].map((epoch) => disk.begin(state(epoch)));
      disk.crash(new SeededRandom(seed));
      const kept = disk.state.epoch;
      for (const complete of writes) complete();
      expect(disk.state.epoch).toBe(kept);
      found.add(kept);
    }
    expect([...found].sort()).toEqual([0, 1, 2, 3]);
  });

  it('that is replaced is empty', () => {
    const disk = new SimDisk(1, true);
    disk.begin(state(4))();
    disk.begin([{ type: 'gap', count: 1, reason: 'test' }])();
    expect(disk.head?.size).toBe(1);
    expect(disk.ledger).toHaveLength(1);
    disk.wipe();
    expect([disk.state.epoch, disk.head, disk.ledger.length]).toEqual([0, null, 0]);
  });
});

describe('keyed hashes', () => {
  const crypto = hashedCrypto();
  const key = crypto.newKey();
  const signature = key.sign(text('hello'));
  const verifies = (spki: Uint8Array, message: string, bytes: Uint8Array): boolean =>
    crypto.port.verify('ES256', spki, text(message), bytes);

  it('verify what the key signed, and only that', () => {
    expect(verifies(key.spki, 'hello', signature)).toBe(true);
    expect(verifies(key.spki, 'hallo', signature)).toBe(false);
    expect(verifies(crypto.newKey().spki, 'hello', signature)).toBe(false);
    expect(crypto.port.verify('Ed25519', key.spki, text('hello'), signature)).toBe(false);
  });

  it('verify nothing with a single bit changed, in signature or key', () => {
    for (let i = 0; i < signature.length; i++) {
      const changed = new Uint8Array(signature);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(verifies(key.spki, 'hello', changed)).toBe(false);
    }
    for (let i = 0; i < key.spki.length; i++) {
      const changed = new Uint8Array(key.spki);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(verifies(changed, 'hello', signature)).toBe(false);
    }
  });

  it('of another world do not verify, and have the sizes of ES256', () => {
    expect(hashedCrypto(2).port.verify('ES256', key.spki, text('hello'), signature)).toBe(false);
    expect([key.spki.length, signature.length]).toEqual([91, 64]);
    expect(verifies(key.spki, 'hello', signature.slice(1))).toBe(false);
    expect(verifies(key.spki, 'hello', new Uint8Array())).toBe(false);
  });
});
