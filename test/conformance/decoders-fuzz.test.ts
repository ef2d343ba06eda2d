import { describe, expect, it } from 'vitest';
import { fuzzTargets } from '../support/fuzz/index.ts';
import { fuzz, MAX_INPUT_MS, type FuzzTarget } from '../support/fuzz/run.ts';

/** The short run; `npm run soak decoders` is the long one. */
const DURATION_MS = 10_000;
/** Differs from day to day and is the same for a day, so that a failure comes again. */
const SEED = Math.floor(Date.now() / 86_400_000);

const target = (decode: FuzzTarget['decode']): FuzzTarget => ({
  name: 'planted',
  seeds: [new Uint8Array(16)],
  decode,
});

describe('the decoders', () => {
  it('never throw, hang, grow, or accept what nobody signed, whatever is done to good inputs', () => {
    const report = fuzz(fuzzTargets, DURATION_MS, SEED);
    console.log(
      `fuzz, seed ${SEED}: ${report.inputs} inputs to ${report.results.length} decoders in ${report.elapsedMs} ms`,
    );
    for (const { inputs, codes, target: name } of report.results) {
      expect([name, inputs >= 1000, codes > 0]).toEqual([name, true, true]);
    }
  });
});

describe('the fuzzer finds', () => {
  it('a decoder that throws, and says for what', () => {
    const throwing = target((input) => {
      if (input.includes(0xff)) throw new TypeError('planted');
      return undefined;
    });
    expect(() => fuzz([throwing], 5_000, 1)).toThrow(/^planted: threw; input [0-9a-f]*ff/);
  });

  it('a decoder that hangs', () => {
    const hanging = target((input) => {
      const end = performance.now() + MAX_INPUT_MS + 20;
      while (input.length > 16 && performance.now() < end);
      return undefined;
    });
    expect(() => fuzz([hanging], 5_000, 1)).toThrow(/^planted: \d+(\.\d+)? ms for/);
  });

  it('a decoder that keeps memory', () => {
    const kept: Uint8Array[] = [];
    const greedy = target(() => {
      kept.push(new Uint8Array(8 * 2 ** 20));
      return undefined;
    });
    expect(() => fuzz([greedy], 20_000, 1)).toThrow(/^planted: \d+ MiB above the start$/);
  });

  it('a good input that is refused', () => {
    expect(() => fuzz([target(() => 'LS_DER_TIME')], 100, 1)).toThrow('refused with LS_DER_TIME');
  });
});
