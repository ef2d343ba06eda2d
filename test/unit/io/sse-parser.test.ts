import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseParser } from '../../../src/io/ca-client/sse-parser.ts';
import { expectCode } from '../../support/expect-code.ts';

const STREAM =
  ': alive\n\nevent: crl\ndata: {"a":1}\n\nevent:roster\r\ndata:one\r\ndata: two\r\n\r\nid: 7\nevent: none\n\ndata: plain\n\n: end\n\n';
const EVENTS = [
  { event: 'crl', data: '{"a":1}' },
  { event: 'roster', data: 'one\ntwo' },
  { event: '', data: 'plain' },
];

describe('SseParser', () => {
  it('reads events, skips comments, unknown fields and events without data', () => {
    expect(new SseParser().push(STREAM)).toEqual(EVENTS);
  });

  it('reads the same events however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: STREAM.length }), { maxLength: 20 }), (cuts) => {
        const parser = new SseParser();
        const edges = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length];
        expect(edges.flatMap((edge, i) => parser.push(STREAM.slice(edges[i - 1] ?? 0, edge)))).toEqual(
          EVENTS,
        );
      }),
    );
  });

  it('holds back what is not complete', () => {
    const parser = new SseParser();
    expect(parser.push('data: half')).toEqual([]);
    expect(parser.push('\n')).toEqual([]);
    expect(parser.push('\n')).toEqual([{ event: '', data: 'half' }]);
  });

  it('refuses an event at bound + 1, in one line or many, and not many small ones', async () => {
    const small = new SseParser(100);
    for (let i = 0; i < 50; i++) small.push(`: a comment of some length\n\ndata: ${String(i)}\n\n`);
    await expectCode('LS_API_RESPONSE', () => new SseParser(100).push(`data: ${'x'.repeat(95)}`));
    await expectCode('LS_API_RESPONSE', () => new SseParser(100).push('data: x\n'.repeat(20)));
    await expectCode('LS_API_RESPONSE', () => new SseParser(1_000_000).push('data\n'.repeat(1_100)));
  });

  it('does not count comments that stand between events', () => {
    const parser = new SseParser(40);
    for (let i = 0; i < 100; i++) expect(parser.push(': alive and well\n')).toEqual([]);
    expect(parser.push('data: x\n\n')).toHaveLength(1);
  });
});
