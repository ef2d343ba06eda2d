import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodePem,
  derMagnitude,
  derNamedBits,
  derOid,
  derTime,
  derUnsigned,
  ecdsaSignatureFromDer,
  ecdsaSignatureToDer,
  encodePem,
  readDer,
  type DerReader,
} from '../../src/codec/index.ts';
import { unixMs } from '../../src/std/index.ts';
import { valueOf } from '../support/result.ts';

const MAX = 10_000;

function everything(reader: DerReader): void {
  while (!reader.atEnd) {
    const tag = reader.peek() ?? 0;
    if ((tag & 0x20) !== 0) reader.constructed(tag, everything);
    else reader.any();
  }
}

describe('DER, for any input', () => {
  it('walks arbitrary bytes without ever throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        readDer('fuzz', bytes, MAX, everything);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back every unsigned integer', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const der = derUnsigned(value);
        expect(valueOf(readDer('integer', der, MAX, (r) => r.unsigned(Number.MAX_SAFE_INTEGER)))).toBe(value);
      }),
    );
  });

  it('reads back every second of the years 0 to 9999', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }), (second) => {
        const der = derTime(unixMs(second * 1000));
        expect(valueOf(readDer('time', der, MAX, (r) => r.time()))).toBe(second * 1000);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back every object identifier', () => {
    const arcs = fc.array(fc.bigInt({ min: 0n, max: 1n << 70n }), { maxLength: 5 });
    const head = fc.oneof(fc.tuple(fc.nat(1), fc.nat(39)), fc.tuple(fc.constant(2), fc.nat(1_000_000)));
    fc.assert(
      fc.property(head, arcs, (top, rest) => {
        const dotted = [...top, ...rest].join('.');
        expect(valueOf(readDer('oid', derOid(dotted), MAX, (r) => r.oid()))).toBe(dotted);
      }),
    );
  });

  it('reads back every named bit list', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40)), (positions) => {
        const der = derNamedBits(positions);
        expect(valueOf(readDer('bits', der, MAX, (r) => r.namedBits(41)))).toEqual(
          positions.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it('has one encoding of an integer: what is read re-encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const der = Uint8Array.of(2, bytes.length, ...bytes);
        const read = readDer('integer', der, MAX, (r) => r.integerBytes(12));
        if (read.ok && (bytes[0] ?? 0) < 0x80) expect(derMagnitude(read.value)).toEqual(der);
      }),
    );
  });

  it('has one encoding of an ECDSA signature', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 110 }), (bytes) => {
        const raw = ecdsaSignatureFromDer('ES256', bytes);
        if (raw.ok) expect(ecdsaSignatureToDer('ES256', raw.value)).toEqual(bytes);
      }),
    );
  });

  it('reads back every PEM block and never throws on text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.string(), (bytes, noise) => {
        expect(valueOf(decodePem(encodePem('A B', bytes)))).toEqual([{ label: 'A B', der: bytes }]);
        decodePem(`-----BEGIN A-----\n${noise}\n-----END A-----\n`);
        decodePem(noise);
      }),
    );
  });
});
