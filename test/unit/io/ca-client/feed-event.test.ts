import { describe, expect, it } from 'vitest';
import { readFeedEventInTurns } from '../../../../src/io/ca-client/answers.ts';
import { expectCode } from '../../../support/expect-code.ts';

/** In base64 longer than what is decoded at once, and of no even number of pieces. */
const large = Uint8Array.from({ length: 700_001 }, (_, i) => (i * 31) % 251);
const event = (der: string): string => JSON.stringify({ delta: false, der });
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe('a CRL that the feed of the CA brings', () => {
  it('is the bytes that were sent, whatever their length', async () => {
    for (const length of [0, 1, 196_607, 196_608, 196_609, 393_216, 700_000, 700_001]) {
      const bytes = large.subarray(0, length);
      const read = await readFeedEventInTurns('crl', event(base64(bytes)));
      if (read?.kind !== 'crl') throw new Error('no CRL');
      expect(Buffer.from(read.der).equals(Buffer.from(bytes))).toBe(true);
    }
  });

  it('leaves turns to others while it is decoded', async () => {
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    await readFeedEventInTurns('crl', event(base64(new Uint8Array(16 * 1024 * 1024))));
    clearInterval(counting);
    expect(turns).toBeGreaterThan(2);
  });

  it('is refused when its text is not that of some bytes, at any place', async () => {
    const text = base64(large);
    for (const at of [0, 100, 262_143, 262_144, 500_000]) {
      for (const wrong of ['*', '-', '=', '\u0100']) {
        const damaged = `${text.slice(0, at)}${wrong}${text.slice(at + 1)}`;
        await expectCode('LS_API_RESPONSE', () => readFeedEventInTurns('crl', event(damaged)));
      }
    }
    const padded = `${base64(large.subarray(0, 196_607))}${text}`;
    await expectCode('LS_API_RESPONSE', () => readFeedEventInTurns('crl', event(padded)));
    await expectCode('LS_API_RESPONSE', () => readFeedEventInTurns('crl', event(text.slice(0, -1))));
  });
});
