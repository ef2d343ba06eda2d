import { describe, expect, it } from 'vitest';
import {
  AccusationBook,
  MAX_REMEMBERED_REBUTTALS,
  type HeldAccusation,
} from '../../../src/membership/index.ts';
import { monoMs } from '../../../src/std/index.ts';
import { digestNamed, nodeIdNamed } from '../../support/record-samples.ts';

const now = monoMs(1_000);

function accusation(accuser: string, overrides: Partial<HeldAccusation> = {}): HeldAccusation {
  return {
    id: digestNamed(`${accuser} ${String(overrides.rosterNumber ?? 1)} ${String(overrides.lastSeq ?? 5)}`),
    accuser: nodeIdNamed(accuser),
    rosterNumber: 1,
    ring: 0,
    bytes: new Uint8Array([1]),
    lastSeq: 5,
    ...overrides,
  };
}

describe('the accusation book', () => {
  it('counts an observer once, however often it accuses', () => {
    const book = new AccusationBook();
    expect(book.add(accusation('a'), now)).toBe(true);
    expect(book.add(accusation('a', { lastSeq: 6 }), now)).toBe(false);
    expect(book.count).toBe(1);
  });

  it('has no quorum until H distinct observers accuse under one roster', () => {
    const book = new AccusationBook();
    book.add(accusation('a'), now);
    book.add(accusation('b', { rosterNumber: 2 }), now);
    expect(book.quorum(() => 2)).toBeUndefined();
    book.add(accusation('c', { rosterNumber: 2 }), monoMs(1_700));
    expect(book.quorum(() => 2)).toMatchObject({ rosterNumber: 2, since: 1_700 });
  });

  it('dates the quorum from the H-th accusation, not from later ones', () => {
    const book = new AccusationBook();
    book.add(accusation('a'), monoMs(1));
    book.add(accusation('b'), monoMs(2));
    book.add(accusation('c'), monoMs(3));
    expect(book.quorum(() => 2)?.since).toBe(2);
  });

  it('lets an observer accuse anew under a newer roster and never under an older one', () => {
    const book = new AccusationBook();
    book.add(accusation('a', { rosterNumber: 2 }), now);
    expect(book.add(accusation('a', { rosterNumber: 1 }), now)).toBe(false);
    expect(book.add(accusation('a', { rosterNumber: 3 }), now)).toBe(true);
    expect(book.accusedBy(nodeIdNamed('a'), 2)).toBe(false);
    expect(book.accusedBy(nodeIdNamed('a'), 3)).toBe(true);
  });

  it('drops what a rebuttal names, and what rests on older evidence', () => {
    const book = new AccusationBook();
    const named = accusation('a', { lastSeq: 9 });
    book.add(named, now);
    book.add(accusation('b', { lastSeq: 7 }), now);
    book.rebut([named.id], 8);
    expect(book.count).toBe(0);
  });

  it('refuses an answered accusation for ever, also when it is shown again later', () => {
    const book = new AccusationBook();
    const named = accusation('a', { lastSeq: 9 });
    book.rebut([named.id], 8);
    expect(book.add(named, now)).toBe(false);
    expect(book.stands(named)).toBe(false);
  });

  it('refuses a re-accusation whose evidence is older than the last rebuttal', () => {
    const book = new AccusationBook();
    book.rebut([], 8);
    expect(book.add(accusation('a', { lastSeq: 7 }), now)).toBe(false);
    expect(book.add(accusation('a', { lastSeq: 8 }), now)).toBe(true);
  });

  it('loses its quorum when a rebuttal takes one of the H away', () => {
    const book = new AccusationBook();
    const first = accusation('a', { lastSeq: 9 });
    book.add(first, now);
    book.add(accusation('b', { lastSeq: 9 }), now);
    book.rebut([first.id], 9);
    expect(book.quorum(() => 2)).toBeUndefined();
    expect(book.count).toBe(1);
  });

  it('remembers a bounded number of rebutted ids and still refuses older evidence beyond it', () => {
    const book = new AccusationBook();
    const first = accusation('a', { lastSeq: 1 });
    book.rebut([first.id], 1);
    const more = Array.from({ length: MAX_REMEMBERED_REBUTTALS + 1 }, (_, i) =>
      digestNamed(`more ${String(i)}`),
    );
    book.rebut(more, 2);
    expect(book.stands(first)).toBe(false);
  });

  it('never reaches an infinite quorum', () => {
    const book = new AccusationBook();
    for (const name of ['a', 'b', 'c']) book.add(accusation(name), now);
    expect(book.quorum(() => Infinity)).toBeUndefined();
  });
});
