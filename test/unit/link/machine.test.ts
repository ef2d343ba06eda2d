import { describe, expect, it } from 'vitest';
import {
  encodeFrame,
  encodeMessage,
  HELLO_TIMEOUT_MS,
  LATE_TICK_MS,
  LinkMachine,
  MAX_BYE_DETAIL_BYTES,
  MAX_FRAME_BYTES,
  MAX_FRAME_BYTES_BEFORE_HELLO,
  type Hello,
  type LinkOutput,
  type Message,
} from '../../../src/link/index.ts';
import { concatBytes, monoMs, utf8 } from '../../../src/std/index.ts';
import { testHello } from '../../support/link-messages.ts';

const T0 = monoMs(1_000);
const HELLO = encodeMessage({ kind: 'hello', ...testHello() });
const PING = encodeMessage({ kind: 'ping', token: 1 });

function machine(hello: Hello = testHello()): LinkMachine {
  return new LinkMachine({ role: 'dialer', hello: () => hello, now: T0 });
}

function upMachine(): LinkMachine {
  const link = machine();
  link.opened(T0);
  link.received(HELLO, T0);
  return link;
}

/** All frames that the outputs write, joined. */
function written(outputs: readonly LinkOutput[]): Uint8Array {
  return concatBytes(...outputs.flatMap((output) => (output.kind === 'write' ? [output.bytes] : [])));
}

function kinds(outputs: readonly LinkOutput[]): readonly string[] {
  return outputs.map((output) => output.kind);
}

/** The code of the closing, after checking that a bye with the same code was written just before. */
function refusalOf(outputs: readonly LinkOutput[]): string | undefined {
  const [bye, closed] = outputs.slice(-2);
  if (bye?.kind !== 'write' || closed?.kind !== 'closed') return undefined;
  expect(closed.byPeer).toBe(false);
  expect(bye).toEqual({
    kind: 'write',
    class: 'control',
    bytes: encodeMessage({ kind: 'bye', code: closed.code, detail: closed.detail }),
  });
  return closed.code;
}

describe('LinkMachine', () => {
  it('comes up on both sides after a hello in both directions', () => {
    const [a, b] = [machine(testHello({ epoch: 1 })), machine(testHello({ epoch: 2 }))];
    const fromA = a.opened(T0);
    const fromB = b.opened(T0);
    expect(kinds(fromA)).toEqual(['write']);
    expect(b.received(written(fromA), T0)).toMatchObject([{ kind: 'up', hello: { epoch: 1 } }]);
    expect(a.received(written(fromB), T0)).toMatchObject([{ kind: 'up', hello: { epoch: 2 } }]);
    expect([a.state, b.state]).toEqual(['up', 'up']);
  });

  it('hands over what follows the hello in the same chunk, large frames too', () => {
    const link = machine();
    link.opened(T0);
    const large = encodeMessage({ kind: 'crl', delta: false, der: new Uint8Array(100_000) });
    expect(kinds(link.received(concatBytes(HELLO, PING, large), T0))).toEqual(['up', 'message', 'message']);
  });

  it('says hello once, however often it is opened', () => {
    const link = machine();
    expect(link.opened(T0)).toHaveLength(1);
    expect(link.opened(T0)).toEqual([]);
  });

  it('sends nothing before it is up', () => {
    const link = machine();
    link.opened(T0);
    expect(link.send({ kind: 'ping', token: 1 }, T0)).toEqual([]);
  });

  it.each<[Message, string]>([
    [{ kind: 'ping', token: 1 }, 'control'],
    [{ kind: 'pong', token: 1 }, 'control'],
    [{ kind: 'crl', delta: true, der: Uint8Array.of(1) }, 'crl'],
    [{ kind: 'digest', ids: [] }, 'record'],
    [{ kind: 'want', ids: [] }, 'record'],
    [{ kind: 'down', certificate: Uint8Array.of(1) }, 'record'],
    [{ kind: 'record', type: 'accusation', bytes: Uint8Array.of(1) }, 'record'],
    [{ kind: 'record', type: 'heartbeat', bytes: Uint8Array.of(1) }, 'heartbeat'],
  ])('sends %o as %s', (message, sendClass) => {
    expect(upMachine().send(message, T0)).toEqual([
      { kind: 'write', bytes: encodeMessage(message), class: sendClass },
    ]);
  });

  it('sends a rebuttal as a record when asked to', () => {
    const heartbeat: Message = { kind: 'record', type: 'heartbeat', bytes: Uint8Array.of(1) };
    expect(upMachine().send(heartbeat, T0, 'record')).toMatchObject([{ class: 'record' }]);
  });
});

describe('LinkMachine refuses, says why, and closes on', () => {
  it('a message before the hello', () => {
    const link = machine();
    link.opened(T0);
    expect(refusalOf(link.received(concatBytes(PING, HELLO), T0))).toBe('LS_LINK_PROTOCOL');
  });

  it('a hello before it was opened itself', () => {
    expect(refusalOf(machine().received(HELLO, T0))).toBe('LS_LINK_PROTOCOL');
  });

  it('a second hello', () => {
    expect(refusalOf(upMachine().received(HELLO, T0))).toBe('LS_LINK_PROTOCOL');
  });

  it('a hello from another trust domain', () => {
    const link = machine(testHello({ domainId: new Uint8Array(32).fill(8) }));
    link.opened(T0);
    expect(refusalOf(link.received(HELLO, T0))).toBe('LS_LINK_WRONG_DOMAIN');
    expect(link.state).toBe('closed');
  });

  it.each([
    [2, 3],
    [3, 1],
  ])('versions from %i to %i', (versionMin, versionMax) => {
    const link = machine();
    link.opened(T0);
    const hello = encodeMessage({ kind: 'hello', ...testHello({ versionMin, versionMax }) });
    expect(refusalOf(link.received(hello, T0))).toBe('LS_LINK_VERSION');
  });

  it('an oversize frame, from its length alone', () => {
    const length = (bytes: number): Uint8Array => Uint8Array.of(0, bytes >> 16, bytes >> 8, bytes & 0xff);
    const fresh = machine();
    fresh.opened(T0);
    expect(refusalOf(fresh.received(length(MAX_FRAME_BYTES_BEFORE_HELLO + 1), T0))).toBe(
      'LS_LINK_FRAME_SIZE',
    );
    expect(refusalOf(upMachine().received(length(MAX_FRAME_BYTES + 1), T0))).toBe('LS_LINK_FRAME_SIZE');
  });

  it('an empty frame, garbage, an unknown type, and a request of another protocol', () => {
    expect(refusalOf(upMachine().received(new Uint8Array(4), T0))).toBe('LS_LINK_FRAME_SIZE');
    expect(refusalOf(upMachine().received(encodeFrame(utf8('garbage')), T0))).toBe('LS_LINK_MESSAGE');
    expect(refusalOf(upMachine().received(encodeFrame(Uint8Array.of(0x81, 10)), T0))).toBe(
      'LS_LINK_MESSAGE_TYPE',
    );
    expect(refusalOf(upMachine().received(utf8('GET / HTTP/1.1\r\n'), T0))).toBe('LS_LINK_FRAME_SIZE');
  });

  it('silence until the hello time-out (a half-open connection), opened or not', () => {
    for (const open of [true, false]) {
      const link = machine();
      if (open) link.opened(T0);
      const deadline = link.nextDeadline();
      expect(deadline).toBe(T0 + HELLO_TIMEOUT_MS);
      expect(link.tick(monoMs(T0 + HELLO_TIMEOUT_MS - 1))).toEqual([]);
      expect(refusalOf(link.tick(monoMs(T0 + HELLO_TIMEOUT_MS)))).toBe('LS_LINK_HELLO_TIMEOUT');
    }
  });
});

describe('LinkMachine and time', () => {
  it('has no deadline once it is up or closed', () => {
    const link = upMachine();
    expect(link.nextDeadline()).toBeNull();
    expect(link.tick(monoMs(T0 + 10 * HELLO_TIMEOUT_MS))).toEqual([]);
    link.close('LS_LINK_SHUTDOWN', '', T0);
    expect(link.nextDeadline()).toBeNull();
  });

  it('gives the peer a little more time when its own tick came late, once', () => {
    const link = machine();
    link.opened(T0);
    const late = monoMs(T0 + HELLO_TIMEOUT_MS + LATE_TICK_MS + 1);
    expect(link.tick(late)).toEqual([]);
    expect(link.nextDeadline()).toBe(late + LATE_TICK_MS);
    expect(refusalOf(link.tick(monoMs(late + LATE_TICK_MS)))).toBe('LS_LINK_HELLO_TIMEOUT');
  });

  it('remembers since when it is in its state', () => {
    const link = machine();
    link.opened(monoMs(2_000));
    link.received(HELLO, monoMs(2_500));
    expect(link.since).toBe(2_500);
    link.close('LS_LINK_SHUTDOWN', '', monoMs(4_000));
    expect(link.since).toBe(4_000);
  });
});

describe('LinkMachine and bye', () => {
  const BYE = encodeMessage({ kind: 'bye', code: 'LS_TRUST_REVOKED', detail: 'serial 01' });

  it('closes by the peer before the hello and after, with its code, and does not answer', () => {
    const fresh = machine();
    fresh.opened(T0);
    for (const link of [machine(), fresh, upMachine()]) {
      expect(link.received(BYE, T0)).toEqual([
        { kind: 'closed', code: 'LS_TRUST_REVOKED', detail: 'serial 01', byPeer: true },
      ]);
    }
  });

  it('ignores everything after either side closed', () => {
    const byPeer = upMachine();
    byPeer.received(concatBytes(BYE, PING), T0);
    const byUs = upMachine();
    byUs.close('LS_LINK_SHUTDOWN', 'stopping', T0);
    for (const link of [byPeer, byUs]) {
      expect(link.received(concatBytes(PING, new Uint8Array(4)), T0)).toEqual([]);
      expect(link.send({ kind: 'ping', token: 1 }, T0)).toEqual([]);
      expect(link.close('LS_LINK_SHUTDOWN', '', T0)).toEqual([]);
      expect(link.opened(T0)).toEqual([]);
      expect(link.tick(monoMs(T0 + HELLO_TIMEOUT_MS))).toEqual([]);
    }
  });

  it('stops at a bye in the middle of a chunk', () => {
    expect(kinds(upMachine().received(concatBytes(PING, BYE, PING), T0))).toEqual(['message', 'closed']);
  });

  it('can refuse a peer before saying hello', () => {
    expect(refusalOf(machine().close('LS_TRUST_EXPIRED', 'since yesterday', T0))).toBe('LS_TRUST_EXPIRED');
  });

  it('cuts a long reason between characters and flattens it to one line', () => {
    const outputs = upMachine().close('LS_LINK_SHUTDOWN', `a\r\nb${'ü'.repeat(MAX_BYE_DETAIL_BYTES)}`, T0);
    const closed = outputs.at(-1);
    expect(closed?.kind === 'closed' && closed.detail.startsWith('a bü')).toBe(true);
    const peer = upMachine();
    expect(peer.received(written(outputs), T0)).toEqual([{ ...closed, byPeer: true }]);
  });
});
