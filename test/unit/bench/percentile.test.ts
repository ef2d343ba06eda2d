import { describe, expect, it } from 'vitest';
import { percentile, spreadOf } from '../../../bench/support/percentile.ts';

const HUNDRED = Array.from({ length: 100 }, (_, at) => 100 - at);

describe('percentile', () => {
  it('is the nearest rank, whatever the order', () => {
    expect(percentile(HUNDRED, 50)).toBe(50);
    expect(percentile(HUNDRED, 99)).toBe(99);
    expect(percentile(HUNDRED, 100)).toBe(100);
    expect(percentile(HUNDRED, 0)).toBe(1);
  });

  it('of few values is one of them', () => {
    expect(percentile([7], 50)).toBe(7);
    expect(percentile([1, 2], 50)).toBe(1);
    expect(percentile([1, 2, 30], 99)).toBe(30);
  });

  it('of nothing is not a number', () => {
    expect(percentile([], 50)).toBeNaN();
  });
});

describe('spreadOf', () => {
  it('says of how many values it is', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ count: 3, p50: 2, p99: 3, least: 1, most: 3 });
  });

  it('of nothing is null, so that nobody takes it for a measurement', () => {
    expect(spreadOf([])).toBeNull();
  });
});
