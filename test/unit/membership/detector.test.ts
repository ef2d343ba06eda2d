import { describe, expect, it } from 'vitest';
import { ArrivalDetector, DEFAULT_DETECTOR } from '../../../src/membership/index.ts';
import { monoMs } from '../../../src/std/index.ts';

const INTERVAL = 1_000;

function detectorAfter(arrivals: readonly (readonly [seq: number, at: number])[]): ArrivalDetector {
  const detector = new ArrivalDetector(INTERVAL, monoMs(0));
  for (const [seq, at] of arrivals) detector.arrived(seq, INTERVAL, monoMs(at));
  return detector;
}

const regular = (count: number, delay = 0): (readonly [number, number])[] =>
  Array.from({ length: count }, (_, i) => [i + 1, (i + 1) * INTERVAL + delay] as const);

describe('the arrival detector', () => {
  it('gives a subject that never sent the floor from the start of its epoch', () => {
    expect(detectorAfter([]).deadline()).toBe(DEFAULT_DETECTOR.floorIntervals * INTERVAL);
  });

  it('waits two and a half intervals after the last of regular arrivals', () => {
    expect(detectorAfter(regular(100)).deadline()).toBe(100 * INTERVAL + 2_500);
  });

  it('waits longer for a subject that has lately been late', () => {
    const late = [...regular(60), ...[61, 62, 63, 64].map((seq) => [seq, seq * INTERVAL + 900] as const)];
    const steady = detectorAfter(regular(64)).deadline();
    expect(detectorAfter(late).deadline()).toBeGreaterThan(steady);
  });

  it('judges no later than the ceiling, whatever the subject declares', () => {
    const stretched = regular(63, 60_000);
    const detector = detectorAfter([...stretched, [64, 64 * INTERVAL]]);
    expect(detector.deadline() - detector.lastArrival).toBe(DEFAULT_DETECTOR.ceilingIntervals * INTERVAL);
  });

  it('starts its windows anew when the subject changes its interval', () => {
    const detector = detectorAfter(regular(10));
    detector.arrived(11, 200, monoMs(10_200));
    expect(detector.deadline()).toBe(10_200 + 500);
  });

  it('gives back time that was taken from the observer, until the next arrival', () => {
    const detector = detectorAfter(regular(10));
    const before = detector.deadline();
    detector.extend(4_000);
    expect(detector.deadline()).toBe(before + 4_000);
    detector.arrived(11, INTERVAL, monoMs(11_000));
    expect(detector.deadline()).toBe(13_500);
  });

  it('is not misled by numbers that were signed and never sent', () => {
    const gaps = Array.from({ length: 50 }, (_, i) => [2 * i + 1, (i + 1) * INTERVAL] as const);
    const detector = detectorAfter(gaps);
    const wait = detector.deadline() - detector.lastArrival;
    expect(wait).toBeGreaterThanOrEqual(DEFAULT_DETECTOR.floorIntervals * INTERVAL);
    expect(wait).toBeLessThanOrEqual(DEFAULT_DETECTOR.ceilingIntervals * INTERVAL);
  });
});

describe('another configuration', () => {
  it('judges what came before, and keeps no more arrivals than it is to', () => {
    const detector = new ArrivalDetector(INTERVAL, monoMs(0));
    for (let seq = 1; seq <= 20; seq++) detector.arrived(seq, INTERVAL, monoMs(seq * INTERVAL));
    expect(detector.deadline() - detector.lastArrival).toBe(2.5 * INTERVAL);
    detector.configure({ ...DEFAULT_DETECTOR, floorIntervals: 5, longWindow: 4 });
    expect(detector.deadline() - detector.lastArrival).toBe(5 * INTERVAL);
    detector.configure({
      ...DEFAULT_DETECTOR,
      marginIntervals: 0.5,
      floorIntervals: 1.5,
      ceilingIntervals: 2,
    });
    expect(detector.deadline() - detector.lastArrival).toBe(1.5 * INTERVAL);
  });
});
