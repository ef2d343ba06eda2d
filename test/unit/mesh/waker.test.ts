import { describe, expect, it } from 'vitest';
import type { Core } from '../../../src/mesh/core.ts';
import type { Effect } from '../../../src/mesh/index.ts';
import { Outbox } from '../../../src/mesh/outbox.ts';
import { Waker } from '../../../src/mesh/waker.ts';
import { monoMs, unixMs } from '../../../src/std/index.ts';

/** What a waker sees of its core. */
class Moment {
  readonly out = new Outbox();
  now = { mono: monoMs(0), wall: unixMs(0) };

  at(mono: number): this {
    this.now = { mono: monoMs(mono), wall: unixMs(mono) };
    return this;
  }

  asked(): readonly number[] {
    return this.out
      .drain()
      .filter((effect): effect is Extract<Effect, { kind: 'wake' }> => effect.kind === 'wake')
      .map(({ at }) => at);
  }
}

function setUp(): { readonly moment: Moment; readonly waker: Waker } {
  const moment = new Moment();
  return { moment, waker: new Waker(moment as unknown as Core) };
}

describe('the wake-up that a node asks for', () => {
  it('is at the earliest deadline, and asked for once', () => {
    const { moment, waker } = setUp();
    waker.ask([monoMs(500), undefined, monoMs(300)]);
    waker.ask([monoMs(300)]);
    expect(moment.asked()).toEqual([300]);
  });

  it('is now when a deadline has passed', () => {
    const { moment, waker } = setUp();
    moment.at(400);
    waker.ask([monoMs(300)]);
    expect(moment.asked()).toEqual([400]);
  });

  it('stays what it was while it is overdue, so that events in between do not hide how late it is', () => {
    const { moment, waker } = setUp();
    waker.ask([monoMs(300)]);
    moment.at(900);
    waker.ask([monoMs(1_000)]);
    expect(moment.asked()).toEqual([300]);
    moment.at(1_200);
    expect(waker.woke()).toBe(300);
    waker.ask([monoMs(1_500)]);
    expect(moment.asked()).toEqual([1_500]);
  });

  it('that nobody asked for is due when it comes', () => {
    const { moment, waker } = setUp();
    moment.at(70);
    expect(waker.woke()).toBe(70);
  });
});
