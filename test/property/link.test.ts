import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeMessage,
  encodeMessage,
  FRAME_HEADER_BYTES,
  LinkMachine,
  type LinkOutput,
} from '../../src/link/index.ts';
import { concatBytes, monoMs } from '../../src/std/index.ts';
import { MESSAGES, testHello } from '../support/link-messages.ts';

const NOW = monoMs(0);
const LATER_MESSAGES = MESSAGES.filter(({ kind }) => kind !== 'hello' && kind !== 'bye');
const SMALL_MESSAGES = MESSAGES.filter((message) => encodeMessage(message).length < 500);
const STREAM = concatBytes(
  encodeMessage({ kind: 'hello', ...testHello() }),
  ...LATER_MESSAGES.map((message) => encodeMessage(message)),
  encodeMessage({ kind: 'bye', code: 'LS_LINK_SHUTDOWN', detail: '' }),
);

function openMachine(): LinkMachine {
  const link = new LinkMachine({ role: 'listener', hello: testHello, now: NOW });
  link.opened(NOW);
  return link;
}

function feed(link: LinkMachine, stream: Uint8Array, cuts: readonly number[]): readonly LinkOutput[] {
  const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
  return edges.flatMap((edge, i) => link.received(stream.subarray(edges[i - 1] ?? 0, edge), NOW));
}

describe('a link', () => {
  it('hears the same messages however the stream is cut', () => {
    const whole = feed(openMachine(), STREAM, []);
    expect(whole).toHaveLength(LATER_MESSAGES.length + 2);
    const cuts = fc.array(fc.nat({ max: STREAM.length }), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (at) => {
        expect(feed(openMachine(), STREAM, at)).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  it('hears the same messages byte by byte', () => {
    const short = STREAM.subarray(0, 400);
    const cuts = Array.from(short, (_, i) => i);
    expect(feed(openMachine(), short, cuts)).toEqual(feed(openMachine(), short, []));
  });

  it('ends at most once, never throws, and is silent afterwards, whatever it is sent', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 });
    fc.assert(
      fc.property(chunks, fc.boolean(), (parts, up) => {
        const link = openMachine();
        const hello = up ? [encodeMessage({ kind: 'hello', ...testHello() })] : [];
        const outputs = [...hello, ...parts].flatMap((part) => link.received(part, NOW));
        const end = outputs.findIndex(({ kind }) => kind === 'closed');
        expect(end === -1 || end === outputs.length - 1).toBe(true);
        expect(end === -1).toBe(link.state !== 'closed');
      }),
    );
  });

  it('closes for any one flipped bit of its hello, or comes up with another hello', () => {
    const hello = encodeMessage({ kind: 'hello', ...testHello() });
    fc.assert(
      fc.property(fc.nat({ max: hello.length * 8 - 1 }), (bit) => {
        const link = openMachine();
        const flipped = Uint8Array.from(hello, (byte, i) =>
          i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
        );
        const outputs = link.received(flipped, NOW);
        for (const output of outputs) {
          if (output.kind === 'up') expect(output.hello).not.toMatchObject(testHello());
        }
      }),
    );
  });
});

describe('decodeMessage', () => {
  it('reads back only what encodes to the same bytes', () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(...SMALL_MESSAGES),
        fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 3 }),
      )
      .map(([message, edits]) => {
        const body = encodeMessage(message).slice(FRAME_HEADER_BYTES);
        for (const [at, value] of edits) body[at % body.length] = value;
        return body;
      });
    fc.assert(
      fc.property(mutated, (body) => {
        const decoded = decodeMessage(body);
        if (decoded.ok) expect(encodeMessage(decoded.value).subarray(FRAME_HEADER_BYTES)).toEqual(body);
      }),
      { numRuns: 2_000 },
    );
  });
});
