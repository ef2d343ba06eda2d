import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../../src/std/index.ts';
import { decodeCbor, encodeCbor, type CborLimits, type CborValue } from '../../src/codec/index.ts';
import { valueOf } from '../support/result.ts';

const limits: CborLimits = { maxBytes: 1 << 16, maxDepth: 8, maxItems: 4096 };

const integer = fc
  .oneof(
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 70_000 }),
    fc.constantFrom(23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -24, -25, -256, -257),
  )
  .map((n) => n + 0);

const cborValue: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    integer,
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(integer, tie('value')), { maxLength: 5 }).map((entries) => sortedMap(entries)),
  ),
})).value;

/** A map in the order of its encoding, which is the order a decoder answers. */
function sortedMap(entries: readonly (readonly [number, CborValue])[]): CborValue {
  const unique = [...new Map(entries)];
  return new Map(unique.sort(([a], [b]) => compareBytes(encodeCbor(a), encodeCbor(b))));
}

/** Valid bytes with a few of them changed, cut off or added. */
const damaged: fc.Arbitrary<Uint8Array> = fc
  .tuple(cborValue, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }), fc.nat(3))
  .map(([value, edits, kind]) => {
    const bytes = encodeCbor(value);
    for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
    if (kind === 0) return bytes.subarray(0, -1);
    return kind === 1 ? new Uint8Array([...bytes, 0]) : bytes;
  });

describe('our CBOR', () => {
  it('reads back every value it writes', () => {
    fc.assert(
      fc.property(cborValue, (value) => {
        expect(valueOf(decodeCbor(encodeCbor(value), limits))).toEqual(value);
      }),
      { numRuns: 2000 },
    );
  });

  it('is what another deterministic encoder writes, and that decoder reads ours', () => {
    fc.assert(
      fc.property(cborValue, (value) => {
        const ours = encodeCbor(value);
        expect(ours).toEqual(new Uint8Array(encode(value, rfc8949EncodeOptions)));
        expect(decode(ours, { useMaps: true, strict: true })).toEqual(value);
      }),
      { numRuns: 2000 },
    );
  });

  it('writes whatever it accepts to the same bytes again', () => {
    const hostile = fc.oneof(damaged, fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(hostile, (bytes) => {
        const decoded = decodeCbor(bytes, limits);
        if (decoded.ok) expect(encodeCbor(decoded.value)).toEqual(new Uint8Array(bytes));
        else expect(decoded.error.code).toMatch(/^LS_CBOR_/);
      }),
      { numRuns: 10_000 },
    );
  });

  it('accepts only what the other decoder accepts too, with the same meaning', () => {
    fc.assert(
      fc.property(damaged, (bytes) => {
        const decoded = decodeCbor(bytes, limits);
        if (decoded.ok) expect(decode(bytes, { useMaps: true, strict: true })).toEqual(decoded.value);
      }),
      { numRuns: 5000 },
    );
  });
});
