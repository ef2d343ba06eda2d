import { describe, expect, it } from 'vitest';
import { parseSmapsRollup } from '../../../bench/support/process-cost.ts';

const ROLLUP = `55d0c0000000-7ffd0a5fe000 ---p 00000000 00:00 0                          [rollup]
Rss:               92160 kB
Pss:               51200 kB
Pss_Dirty:         40960 kB
Shared_Clean:      41984 kB
Shared_Dirty:          0 kB
Private_Clean:      1024 kB
Private_Dirty:     40960 kB
`;

describe('the memory of a process', () => {
  it('is read from smaps_rollup, in MiB', () => {
    expect(parseSmapsRollup(ROLLUP)).toEqual({ rss: 90, pss: 50, own: 41 });
  });

  it('is not a number where the kernel does not say', () => {
    expect(parseSmapsRollup('').rss).toBeNaN();
  });
});
