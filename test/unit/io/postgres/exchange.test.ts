import { describe, expect, it, vi } from 'vitest';
import { FOLLOW_EVERY_MS, MAX_WORD_LENGTH, type StoreListener } from '../../../../src/authority/index.ts';
import type { PostgresConnection } from '../../../../src/io/postgres/connection.ts';
import { MAX_WAITING_WORDS, PostgresExchange, type Notify } from '../../../../src/io/postgres/exchange.ts';

/** A database that passes notices to everybody who listens, the sender included. */
class Notices {
  readonly payloads: string[] = [];
  readonly #listeners: ((payload: string) => void)[] = [];
  isDown = false;

  readonly connection = {
    listen: (_: string, onNotice: (payload: string) => void) => {
      this.#listeners.push(onNotice);
      return Promise.resolve();
    },
    run: (_: string, payload: string) => {
      this.say(payload);
      return Promise.resolve(1);
    },
  } as unknown as PostgresConnection;

  readonly notify: Notify = (work) =>
    this.isDown ? Promise.reject(new Error('down')) : work(this.connection);

  say(payload: string): void {
    this.payloads.push(payload);
    for (const listener of this.#listeners) listener(payload);
  }
}

function listener(): StoreListener & { words: string[]; changes: boolean[] } {
  const words: string[] = [];
  const changes: boolean[] = [];
  return {
    words,
    changes,
    changed: (isCertain) => void changes.push(isCertain),
    told: (word) => void words.push(word),
  };
}

async function two() {
  const notices = new Notices();
  const [one, other] = [new PostgresExchange(notices.notify), new PostgresExchange(notices.notify)];
  await one.listenOn(notices.connection);
  await other.listenOn(notices.connection);
  const [atOne, atOther] = [listener(), listener()];
  const ends = [one.follow(atOne), other.follow(atOther)];
  return { notices, one, other, atOne, atOther, end: () => ends.forEach((each) => each()) };
}

describe('PostgresExchange', () => {
  it('tells words to the others and not to itself', async () => {
    const { one, atOne, atOther, end } = await two();
    one.tell('ack:1');
    one.tell('ack:2');
    await vi.waitFor(() => expect(atOther.words).toEqual(['ack:1', 'ack:2']));
    expect(atOne.words).toEqual([]);
    end();
  });

  it('hears that another one has committed, and not that itself has', async () => {
    const { notices, one, atOne, atOther, end } = await two();
    const [, payload = ''] = /'(\w+)'/.exec(one.announcement) ?? [];
    notices.say(payload);
    expect([atOne.changes, atOther.changes]).toEqual([[], [true]]);
    end();
  });

  it('asks for a look at regular times, in case a notice is lost, until it is not followed any more', async () => {
    vi.useFakeTimers();
    try {
      const { atOne, end } = await two();
      vi.advanceTimersByTime(FOLLOW_EVERY_MS * 3);
      expect(atOne.changes).toEqual([false, false, false]);
      end();
      vi.advanceTimersByTime(FOLLOW_EVERY_MS * 3);
      expect(atOne.changes).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it('asks for a look when it listens on a new connection', async () => {
    const { notices, one, atOne, end } = await two();
    await one.listenOn(notices.connection);
    expect(atOne.changes).toEqual([true]);
    end();
  });

  it('packs words that wait, and never more than the server takes at a time', async () => {
    const { notices, one, atOther, end } = await two();
    const words = Array.from({ length: 500 }, (_, n) => `${n}`.padStart(MAX_WORD_LENGTH, 'x'));
    for (const word of words) one.tell(word);
    await vi.waitFor(() => expect(atOther.words).toEqual(words));
    expect(Math.max(...notices.payloads.map((payload) => payload.length))).toBeLessThan(8_000);
    expect(notices.payloads.length).toBeLessThan(words.length / 10);
    end();
  });

  it('keeps the newest words when more wait than may', async () => {
    const { notices, one, atOther, end } = await two();
    const gate = Promise.withResolvers<undefined>();
    const held = new PostgresExchange(async (work) => {
      await gate.promise;
      await work(notices.connection);
    });
    held.tell('first');
    for (let n = 0; n <= MAX_WAITING_WORDS; n++) held.tell(`w${n}`);
    gate.resolve(undefined);
    await vi.waitFor(() => expect(atOther.words.at(-1)).toBe(`w${MAX_WAITING_WORDS}`));
    expect(atOther.words.slice(0, 2)).toEqual(['first', 'w1']);
    expect(one).toBeDefined();
    end();
  });

  it('loses words while the server is away, and goes on afterwards', async () => {
    const { notices, one, atOther, end } = await two();
    notices.isDown = true;
    one.tell('lost');
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    notices.isDown = false;
    one.tell('heard');
    await vi.waitFor(() => expect(atOther.words).toEqual(['heard']));
    end();
  });

  it.each(['', 'two words', 'line\n', 'ä', 'x'.repeat(MAX_WORD_LENGTH + 1)])(
    'says words only: %j',
    async (text) => {
      const { one, end } = await two();
      expect(() => one.tell(text)).toThrow(RangeError);
      end();
    },
  );
});
