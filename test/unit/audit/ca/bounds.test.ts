import { expect, it } from 'vitest';
import { MAX_TRACKED_ROSTERS } from '../../../../src/audit/index.ts';
import { MAX_CA_SUBJECTS, MAX_KEPT_ROSTER_BYTES, RecentRosters } from '../../../../src/audit/ca/index.ts';
import { keep } from '../../../../src/audit/ca/state.ts';
import { expectCode } from '../../../support/expect-code.ts';

it('one CA may have a million of each kind, and not one more', async () => {
  class Full extends Map<number, number> {
    full = MAX_CA_SUBJECTS - 1;
    override get size(): number {
      return this.full;
    }
  }
  const map = new Full();
  keep(map, 1, 1);
  map.full = MAX_CA_SUBJECTS;
  await expectCode('LS_AUDIT_LIMIT', () => keep(map, 2, 2));
  keep(map, 1, 2);
  expect(map.get(1)).toBe(2);
});

it('keeps the newest rosters, by number and by size', () => {
  const few = new RecentRosters();
  for (let n = 0; n <= MAX_TRACKED_ROSTERS; n++) few.add(Uint8Array.of(n & 0xff));
  expect(few.all).toHaveLength(MAX_TRACKED_ROSTERS);
  expect(few.all[0]).toEqual(Uint8Array.of(1));
  const large = new RecentRosters();
  for (let n = 0; n < 3; n++) large.add(new Uint8Array(MAX_KEPT_ROSTER_BYTES / 2));
  expect(large.all).toHaveLength(2);
});
