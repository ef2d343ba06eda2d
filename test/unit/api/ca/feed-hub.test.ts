import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  FEED_KEEPALIVE_MS,
  FeedHub,
  MAX_FEED_BACKLOG_BYTES,
  MAX_FEEDS,
  type FeedListener,
} from '../../../../src/api/index.ts';
import { fault, parseNodeId, type Fault } from '../../../../src/std/index.ts';

const nodeId = parseNodeId('0a'.repeat(16));
const REVOKED = fault('LS_TRUST_REVOKED', 'it was revoked');

class Sink extends Writable {
  text = '';
  readonly stuck: boolean;

  constructor(stuck = false) {
    super({ highWaterMark: 1 });
    this.stuck = stuck;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    if (!this.stuck) done();
  }
}

function listenerOn(stream: Writable, recheck: () => Fault | undefined = () => undefined): FeedListener {
  if (nodeId === undefined) throw new Error('no id');
  return { nodeId, stream, recheck };
}

const seeds = { kind: 'seeds', seeds: [] } as const;
const hubs: FeedHub[] = [];
function makeHub(onCut: (listener: FeedListener, reason: Fault) => void = () => undefined): FeedHub {
  const hub = new FeedHub(onCut);
  hubs.push(hub);
  return hub;
}
afterEach(() => {
  for (const hub of hubs.splice(0)) hub.close();
  vi.useRealTimers();
});

describe('FeedHub', () => {
  it('starts with what the node is behind on, then tells what is published', () => {
    const hub = makeHub();
    const sink = new Sink();
    hub.open(listenerOn(sink))?.start([{ kind: 'crl', delta: false, der: 'AA==' }]);
    hub.publish([{ kind: 'roster', record: 'BB==' }]);
    expect(sink.text).toBe(
      ': alive\n\nevent: crl\ndata: {"delta":false,"der":"AA=="}\n\nevent: roster\ndata: {"record":"BB=="}\n\n',
    );
  });

  it('loses nothing that is published before the feed has started', () => {
    const hub = makeHub();
    const sink = new Sink();
    const feed = hub.open(listenerOn(sink));
    hub.publish([seeds]);
    expect(sink.text).toBe('');
    feed?.start([]);
    expect(sink.text).toContain('event: seeds');
  });

  it('cuts a revoked node before it hears of the publication that revoked it', () => {
    const cut: Fault[] = [];
    const hub = makeHub((_, reason) => cut.push(reason));
    const [good, bad] = [new Sink(), new Sink()];
    let revoked = false;
    hub.open(listenerOn(good))?.start([]);
    hub.open(listenerOn(bad, () => (revoked ? REVOKED : undefined)))?.start([]);
    revoked = true;
    hub.publish([seeds]);
    expect(bad.writableEnded).toBe(true);
    expect(bad.text).not.toContain('event: seeds');
    expect(good.text).toContain('event: seeds');
    expect(cut).toEqual([REVOKED]);
    expect(hub.size).toBe(1);
  });

  it('cuts a node whose certificate expires in silence, at the next keepalive', () => {
    vi.useFakeTimers();
    const hub = makeHub();
    const sink = new Sink();
    let expired = false;
    hub.open(listenerOn(sink, () => (expired ? fault('LS_TRUST_EXPIRED', 'late') : undefined)))?.start([]);
    vi.advanceTimersByTime(FEED_KEEPALIVE_MS);
    expect(sink.text).toBe(': alive\n\n: alive\n\n');
    expired = true;
    vi.advanceTimersByTime(FEED_KEEPALIVE_MS);
    expect(sink.writableEnded).toBe(true);
  });

  it('lets one that is cut take what was written before, for a second at most', async () => {
    vi.useFakeTimers();
    const hub = makeHub();
    const [slow, stuck] = [new Sink(true), new Sink(true)];
    const takes: (() => void)[] = [];
    slow._write = (chunk: Buffer, _encoding: string, done: () => void): void => {
      slow.text += chunk.toString();
      takes.push(done);
    };
    let revoked = false;
    for (const sink of [slow, stuck])
      hub.open(listenerOn(sink, () => (revoked ? REVOKED : undefined)))?.start([]);
    hub.publish([{ kind: 'crl', delta: false, der: 'AA==' }]);
    revoked = true;
    hub.publish([seeds]);
    expect([slow.destroyed, stuck.destroyed, hub.size]).toEqual([false, false, 0]);
    for (let take = takes.shift(); take !== undefined; take = takes.shift()) take();
    await vi.advanceTimersByTimeAsync(999);
    expect(slow.text).toContain('event: crl');
    expect(slow.text).not.toContain('event: seeds');
    expect([slow.destroyed, stuck.destroyed]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(stuck.destroyed).toBe(true);
  });

  it('cuts one at once that has not begun to listen', () => {
    const hub = makeHub();
    const sink = new Sink();
    hub.open(listenerOn(sink, () => REVOKED));
    hub.publish([seeds]);
    expect([sink.destroyed, sink.text]).toEqual([true, '']);
  });

  it('cuts a listener that lets more pile up than the bound', () => {
    const hub = makeHub();
    const sink = new Sink(true);
    hub.open(listenerOn(sink))?.start([]);
    hub.publish([{ kind: 'roster', record: 'x'.repeat(MAX_FEED_BACKLOG_BYTES) }]);
    expect(sink.destroyed).toBe(false);
    hub.publish([seeds]);
    expect(sink.destroyed).toBe(true);
    expect(hub.size).toBe(0);
  });

  it('forgets a listener that went away or gave up before it started', () => {
    const hub = makeHub();
    const gone = new Sink();
    hub.open(listenerOn(gone))?.start([]);
    gone.emit('close');
    hub.open(listenerOn(new Sink()))?.abandon();
    expect(hub.size).toBe(0);
  });

  it('serves a bounded number of feeds', () => {
    const hub = makeHub();
    for (let i = 0; i < MAX_FEEDS; i++) expect(hub.open(listenerOn(new Sink()))).toBeDefined();
    expect(hub.open(listenerOn(new Sink()))).toBeUndefined();
  });
});
