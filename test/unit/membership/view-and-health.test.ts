import { describe, expect, it } from 'vitest';
import {
  DEFAULT_HEALTH,
  LocalHealth,
  MAX_LOCAL_HEALTH,
  viewDigest,
  type ViewRow,
} from '../../../src/membership/index.ts';
import { monoMs } from '../../../src/std/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { nodeIdNamed } from '../../support/record-samples.ts';

const rows: readonly ViewRow[] = [
  { nodeId: nodeIdNamed('a'), epoch: 1, state: 'alive' },
  { nodeId: nodeIdNamed('b'), epoch: 2, state: 'down' },
];
const digest = (of: readonly ViewRow[]): string => Buffer.from(viewDigest(of, testCrypto)).toString('hex');

describe('the view digest', () => {
  it('is 8 bytes and does not depend on the order of the members', () => {
    expect(viewDigest(rows, testCrypto)).toHaveLength(8);
    expect(digest([...rows].reverse())).toBe(digest(rows));
  });

  it.each([
    ['an epoch', [{ ...rows[0], epoch: 2 }, rows[1]]],
    ['a death', [{ ...rows[0], state: 'down' }, rows[1]]],
    ['a leave', [{ ...rows[0], state: 'left' }, rows[1]]],
    ['a revocation', [{ ...rows[0], state: 'revoked' }, rows[1]]],
    ['a member more', [...rows, { nodeId: nodeIdNamed('c'), epoch: 1, state: 'alive' }]],
  ])('changes with %s', (_, changed) => {
    expect(digest(changed as readonly ViewRow[])).not.toBe(digest(rows));
  });

  it('does not change with a suspicion, which differs from node to node', () => {
    const suspected = rows.map((row) =>
      row.state === 'alive' ? { ...row, state: 'suspect' as const } : row,
    );
    expect(digest(suspected)).toBe(digest(rows));
  });
});

describe('local health', () => {
  it('takes no note of small lateness', () => {
    const health = new LocalHealth();
    expect(health.woke(monoMs(0), monoMs(100))).toBe(0);
    expect(health.score).toBe(0);
  });

  it('reports the time stolen and grows worse up to its bound', () => {
    const health = new LocalHealth();
    expect(health.woke(monoMs(0), monoMs(5_000))).toBe(5_000);
    for (let i = 0; i < 20; i++) health.woke(monoMs(0), monoMs(5_000));
    expect(health.score).toBe(MAX_LOCAL_HEALTH);
  });

  it('recovers step by step when its timers run on time again', () => {
    const health = new LocalHealth();
    health.woke(monoMs(0), monoMs(500));
    health.woke(monoMs(600), monoMs(600));
    expect(health.score).toBe(1);
    health.woke(monoMs(10_500), monoMs(10_500));
    expect(health.score).toBe(0);
  });
});

describe('the limits of local health', () => {
  it('can be set, also while it is bad', () => {
    const health = new LocalHealth({ ...DEFAULT_HEALTH, toleratedLatenessMs: 20, maxScore: 3 });
    expect(health.woke(monoMs(0), monoMs(20))).toBe(0);
    expect(health.woke(monoMs(0), monoMs(21))).toBe(21);
    expect(health.score).toBe(1);
    for (let i = 0; i < 5; i++) health.woke(monoMs(0), monoMs(500));
    expect(health.score).toBe(3);
    health.configure({ ...DEFAULT_HEALTH, maxScore: 1 });
    expect(health.score).toBe(1);
    health.configure({ ...DEFAULT_HEALTH, maxScore: 0 });
    health.woke(monoMs(0), monoMs(5_000));
    expect(health.score).toBe(0);
  });
});
