import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { LedgerEntry } from '../../../src/ledger/index.ts';
import type { Effect, Token } from '../../../src/mesh/index.ts';
import { HELD_FOR_MS, Journal, MAX_HELD_ENTRIES, MAX_PENDING_APPENDS } from '../../../src/mesh/journal.ts';
import { Outbox } from '../../../src/mesh/outbox.ts';
import { fault, monoMs, unixMs, type Instant } from '../../../src/std/index.ts';

type Append = Extract<Effect, { readonly kind: 'append' }>;

const at = unixMs(1);
const entry: LedgerEntry = { type: 'leave', record: Uint8Array.of(1) };
const full = fault('LS_DISK_FULL', 'test');
const headOf = (size: number) => ({ size, root: new Uint8Array(32) });

let out: Outbox;
let journal: Journal;

beforeEach(() => {
  out = new Outbox();
  journal = new Journal(out, null);
});

function appends(): readonly Append[] {
  return out.drain().filter((effect): effect is Append => effect.kind === 'append');
}

function only(): Append {
  const [append, ...others] = appends();
  if (append === undefined || others.length > 0) throw new Error('not exactly one append');
  return append;
}

const succeed = (token: Token, size = 1): void => {
  journal.answer({ kind: 'durable', token, head: headOf(size) });
};
const fail = (token: Token): void => {
  journal.answer({ kind: 'append-failed', token, fault: full });
};

describe('Journal', () => {
  it('names only durable tree heads, and the largest of them', () => {
    expect(journal.head).toBeNull();
    journal.record(entry, at);
    journal.record(entry, at);
    const [first, second] = appends();
    expect(journal.head).toBeNull();
    if (second !== undefined) succeed(second.token, 2);
    if (first !== undefined) succeed(first.token, 1);
    expect(journal.head?.size).toBe(2);
  });

  it('continues a strict append with exactly one of its two ends, once', () => {
    for (const [end, answer] of [
      ['durable', succeed],
      ['failed', fail],
    ] as const) {
      const calls = { durable: vi.fn(), failed: vi.fn() };
      journal.strict(entry, at, calls.durable, calls.failed);
      const { token } = only();
      expect(calls.durable).not.toHaveBeenCalled();
      answer(token);
      succeed(token);
      fail(token);
      expect(calls[end]).toHaveBeenCalledTimes(1);
      expect(calls[end === 'durable' ? 'failed' : 'durable']).not.toHaveBeenCalled();
    }
  });

  it('ignores answers to what it never asked', () => {
    fail(99 as Token);
    succeed(98 as Token, 5);
    expect(journal).toMatchObject({ failing: false, lost: 0, head: null });
  });

  it('counts what is recorded during a failure and names the hole as soon as there is room', () => {
    journal.record(entry, at);
    fail(only().token);
    expect(journal).toMatchObject({ failing: true, lost: 1 });
    for (let i = 0; i < 3; i++) journal.record(entry, at);
    expect(appends()).toEqual([]);
    expect(journal.lost).toBe(4);
    journal.settle(at);
    const gap = only();
    expect(gap.entries).toEqual([{ entry: { type: 'gap', count: 4, reason: 'LS_DISK_FULL' }, at }]);
    journal.record(entry, at);
    succeed(gap.token, 3);
    expect(journal).toMatchObject({ failing: false, lost: 1 });
    journal.settle(at);
    expect(only().entries).toMatchObject([{ entry: { type: 'gap', count: 1 } }]);
  });

  it('says once that it fails, and gives that as the reason for everything lost meanwhile', () => {
    journal.record(entry, at);
    journal.record(entry, at);
    const [first, second] = appends();
    if (first === undefined || second === undefined) throw new Error('not two appends');
    fail(first.token);
    expect(out.drain()).toEqual([{ kind: 'report', level: 'error', fault: full, peer: undefined }]);
    fail(second.token);
    journal.lose(1, 'unlogged');
    expect(out.drain()).toEqual([]);
    journal.settle(at);
    const gap = only();
    expect(gap.entries).toEqual([{ entry: { type: 'gap', count: 3, reason: 'LS_DISK_FULL' }, at }]);
    succeed(gap.token);
    journal.lose(1, 'unlogged');
    journal.settle(at);
    expect(only().entries).toEqual([{ entry: { type: 'gap', count: 1, reason: 'unlogged' }, at }]);
  });

  it('ends the node when it is unknown what the disk holds', () => {
    const broken = fault('LS_LEDGER_IO', 'fsync failed');
    journal.record(entry, at);
    const [append] = appends();
    if (append === undefined) throw new Error('no append');
    journal.answer({ kind: 'append-failed', token: append.token, fault: broken });
    expect(out.drain()).toContainEqual({ kind: 'stopped', fault: broken });
  });

  it('tries one gap at a time and counts none that fails', () => {
    journal.lose(2, 'unlogged');
    journal.settle(at);
    journal.settle(at);
    fail(only().token);
    expect(journal).toMatchObject({ failing: true, lost: 2 });
    journal.settle(at);
    succeed(only().token);
    expect(journal).toMatchObject({ failing: false, lost: 0 });
    journal.settle(at);
    expect(appends()).toEqual([]);
  });

  it('loses, with a name, what comes at one above its bound of waiting appends', () => {
    for (let i = 0; i < MAX_PENDING_APPENDS; i++) journal.record(entry, at);
    const waiting = appends();
    expect(waiting).toHaveLength(MAX_PENDING_APPENDS);
    expect(journal.lost).toBe(0);
    journal.record(entry, at);
    const failed = vi.fn();
    journal.strict(entry, at, vi.fn(), failed);
    expect(failed).toHaveBeenCalledExactlyOnceWith(undefined);
    expect(appends()).toEqual([]);
    expect(journal.lost).toBe(2);
    for (const { token } of waiting) succeed(token);
    journal.settle(at);
    expect(only().entries).toEqual([{ entry: { type: 'gap', count: 2, reason: 'queue-full' }, at }]);
  });
});

describe('entries that can wait', () => {
  const moment = (mono: number): Instant => ({ mono: monoMs(mono), wall: unixMs(1_000 + mono) });

  it('go with the next one that cannot, before it, each with its own time', () => {
    journal.later(entry, moment(1));
    journal.later(entry, moment(2));
    expect(appends()).toEqual([]);
    const durable = vi.fn();
    journal.strict({ type: 'gap', count: 1, reason: 'test' }, unixMs(1_005), durable, vi.fn());
    const append = only();
    expect(append.entries.map(({ at: when }) => when)).toEqual([1_001, 1_002, 1_005]);
    expect(append.entries.at(-1)?.entry.type).toBe('gap');
    succeed(append.token, 3);
    expect(durable).toHaveBeenCalledTimes(1);
    expect(journal.nextDeadline).toBeUndefined();
  });

  it('wait for so long and no longer', () => {
    journal.later(entry, moment(5));
    journal.later(entry, moment(500));
    expect(journal.nextDeadline).toBe(5 + HELD_FOR_MS);
    journal.tick(monoMs(4 + HELD_FOR_MS));
    expect(appends()).toEqual([]);
    journal.tick(monoMs(5 + HELD_FOR_MS));
    expect(only().entries).toHaveLength(2);
    journal.tick(monoMs(9e9));
    expect(appends()).toEqual([]);
  });

  it('are no more than so many: the next one sends all', () => {
    for (let i = 1; i < MAX_HELD_ENTRIES; i++) journal.later(entry, moment(i));
    expect(appends()).toEqual([]);
    journal.later(entry, moment(0));
    expect(only().entries).toHaveLength(MAX_HELD_ENTRIES);
    journal.later(entry, moment(0));
    expect(appends()).toEqual([]);
  });

  it('are all counted when they are lost, those that went and those that still wait', () => {
    journal.later(entry, moment(1));
    journal.record(entry, at);
    const { token } = only();
    journal.later(entry, moment(2));
    fail(token);
    expect(journal).toMatchObject({ failing: true, lost: 3 });
    journal.later(entry, moment(3));
    expect(journal.lost).toBe(4);
    journal.tick(monoMs(9e9));
    expect(appends()).toEqual([]);
    journal.settle(at);
    expect(only().entries.map(({ entry: { type } }) => type)).toEqual(['gap']);
  });
});
