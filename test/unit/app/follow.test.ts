import { describe, expect, it, vi } from 'vitest';
import { pino } from 'pino';
import { AckBook } from '../../../src/api/index.ts';
import { ackWord, followReplicas } from '../../../src/app/ca/follow.ts';
import type { Authority, StoreListener } from '../../../src/authority/index.ts';
import { err, fault, ok, parseNodeId, type Fault, type Result } from '../../../src/std/index.ts';

const NODE = parseNodeId('0123456789abcdef0123456789abcdef');
const GOAL = { crlNumber: 5, rosterNumber: 3 };

/** An authority of which only `catchUp` is there, and what follows it. */
function following(catchUp: (addresses: boolean) => Promise<Result<void, Fault>>) {
  const acks = new AckBook();
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  let heard: StoreListener | undefined;
  const exchange = {
    follow: (listener: StoreListener) => {
      heard = listener;
      return () => (heard = undefined);
    },
    tell: () => undefined,
  };
  const end = followReplicas({ catchUp } as Authority, exchange, acks, log);
  if (heard === undefined) throw new Error('nobody follows');
  return { acks, lines, listener: heard, end };
}

describe('followReplicas', () => {
  it('takes what a node has acknowledged to another replica', () => {
    if (NODE === undefined) throw new Error('no id');
    const { acks, listener } = following(() => Promise.resolve(ok(undefined)));
    listener.told(ackWord(NODE, GOAL));
    expect([...acks.reached(GOAL, [NODE])]).toEqual([NODE]);
  });

  it.each([
    'ack',
    'ack:0123456789abcdef0123456789abcdef:5',
    'ack:0123456789abcdef0123456789abcdef:5:3:1',
    'ack:0123456789abcdef0123456789abcdef:5:-3',
    'ack:0123456789abcdef0123456789abcdef:5:3.5',
    'ack:0123456789abcdef0123456789abcdef:5:9999999999999999',
    'ack:0123456789ABCDEF0123456789ABCDEF:5:3',
    'ack:short:5:3',
    'nack:0123456789abcdef0123456789abcdef:5:3',
    '',
  ])('ignores any other word: %s', (word) => {
    if (NODE === undefined) throw new Error('no id');
    const { acks, listener } = following(() => Promise.resolve(ok(undefined)));
    listener.told(word);
    expect(acks.reached({ crlNumber: 0, rosterNumber: 0 }, [NODE]).size).toBe(0);
  });

  it('looks once more for all that was asked while it looked', async () => {
    const first = Promise.withResolvers<Result<void, Fault>>();
    const looks: boolean[] = [];
    const { listener } = following((addresses) => {
      looks.push(addresses);
      return looks.length === 1 ? first.promise : Promise.resolve(ok(undefined));
    });
    listener.changed(false);
    listener.changed(false);
    listener.changed(true);
    listener.changed(false);
    first.resolve(ok(undefined));
    await vi.waitFor(() => expect(looks).toEqual([false, true]));
  });

  it('says once that it hears nothing and once that it does again, and still owes the addresses', async () => {
    const looks: boolean[] = [];
    let answer: Result<void, Fault> = err(fault('LS_CA_STORE_UNREACHABLE', 'gone'));
    const { listener, lines } = following((addresses) => {
      looks.push(addresses);
      return Promise.resolve(answer);
    });
    listener.changed(true);
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    listener.changed(false);
    await vi.waitFor(() => expect(looks).toHaveLength(2));
    answer = ok(undefined);
    listener.changed(false);
    await vi.waitFor(() => expect(lines).toHaveLength(2));
    expect(lines[0]).toContain('LS_CA_STORE_UNREACHABLE');
    expect(looks).toEqual([true, true, true]);
  });

  it('goes on when a listener throws', async () => {
    let looks = 0;
    const { listener, lines } = following(() => {
      looks++;
      throw new TypeError('a bug');
    });
    listener.changed(false);
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    listener.changed(false);
    await vi.waitFor(() => expect(looks).toBe(2));
  });

  it('does nothing for a store of one process', () => {
    const end = followReplicas({} as Authority, undefined, new AckBook(), pino({ level: 'silent' }));
    expect(end).not.toThrow();
  });
});
