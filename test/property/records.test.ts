import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certIdOf, digestOf, nodeIdOf, unixMs } from '../../src/std/index.ts';
import { decodeSign1, encodeCbor, encodeSign1, type CborValue } from '../../src/codec/index.ts';
import {
  decodeHeartbeat,
  RECORD_TYPES,
  recordTypeCode,
  recordTypeOfCode,
  signHeartbeat,
  verifyRecord,
  type Heartbeat,
} from '../../src/heartbeat/index.ts';
import { decodeDownCertificate, encodeDownCertificate } from '../../src/membership/records/index.ts';
import { testCrypto } from '../support/crypto.ts';
import { fixedKey } from '../support/fixed-keys.ts';
import { must, nodeIdNamed, recordSamples, sampleDomain } from '../support/record-samples.ts';
import { valueOf } from '../support/result.ts';

const signer = fixedKey('Ed25519', 'property');
const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const upTo = (max: number, min = 0): fc.Arbitrary<number> => fc.integer({ min, max });
const certId = bytesOf(16).map((bytes) => must(certIdOf(bytes)));
const nodeId = bytesOf(16).map((bytes) => must(nodeIdOf(bytes)));
const digest = bytesOf(32).map((bytes) => must(digestOf(bytes)));
const LARGE = 2 ** 48;

const heartbeat: fc.Arbitrary<Heartbeat> = fc.record({
  certId,
  epoch: upTo(LARGE, 1),
  seq: upTo(LARGE, 1),
  tMs: upTo(253_402_300_799_999).map(unixMs),
  intervalMs: upTo(60_000, 50),
  prev: bytesOf(32),
  flags: upTo(7),
  health: upTo(8),
  crlNumber: upTo(LARGE),
  rosterNumber: upTo(LARGE),
  viewDigest: bytesOf(8),
  checkpoint: fc.option(fc.record({ size: upTo(LARGE), root: bytesOf(32) })),
  heads: fc.option(
    fc.array(fc.record({ nodeId, epoch: upTo(LARGE, 1), seq: upTo(LARGE), hash: bytesOf(32) }), {
      maxLength: 4,
    }),
  ),
  rebuts: fc.option(fc.array(digest, { minLength: 1, maxLength: 4 })),
  ext: fc
    // 2 is the modes', which has rules of its own.
    .uniqueArray(upTo(65_535, 3), { maxLength: 4 })
    .map(
      (keys) =>
        new Map<number, CborValue>(keys.sort((a, b) => a - b).map((key) => [key, `value ${String(key)}`])),
    ),
});

describe('a heartbeat of any content', () => {
  it('reads back as it was signed, and verifies', () => {
    fc.assert(
      fc.property(heartbeat, (body) => {
        const { bytes, id } = signHeartbeat(body, signer, sampleDomain, testCrypto);
        const decoded = valueOf(decodeHeartbeat(bytes));
        expect(decoded.body).toEqual(body);
        const key = {
          certId: body.certId,
          nodeId: nodeIdNamed('a'),
          algorithm: signer.algorithm,
          spki: signer.spki,
        };
        expect(valueOf(verifyRecord(testCrypto, sampleDomain, decoded, key)).id).toBe(id);
      }),
      { numRuns: 300 },
    );
  });
});

describe.each(recordSamples.map((sample) => [sample.type, sample] as const))(
  'hostile bytes as %s',
  (_type, sample) => {
    const whole = sample.sign(signer, sampleDomain).bytes;
    const payload = sample.encodeBody();
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });

    function edited(bytes: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array {
      const copy = new Uint8Array(bytes);
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return copy;
    }

    it('never throw, are refused with a record code, and are kept as they are when accepted', () => {
      const hostile = fc.oneof(
        edits.map((changes) => edited(whole, changes)),
        edits.map((changes) => {
          const altered = edited(payload, changes);
          return encodeSign1({ algorithm: 'ES256', payload: altered, signature: new Uint8Array(64) });
        }),
        fc.uint8Array({ maxLength: 300 }),
      );
      fc.assert(
        fc.property(hostile, (bytes) => {
          const decoded = sample.decode(bytes);
          if (!decoded.ok) {
            expect(decoded.error.code).toMatch(/^LS_RECORD_(?:MALFORMED|VERSION|TOO_LARGE)$/);
            return;
          }
          expect(decoded.value.bytes).toEqual(bytes);
          expect(encodeSign1(valueOf(decodeSign1(bytes, sample.maxBytes)))).toEqual(bytes);
        }),
        { numRuns: 1500 },
      );
    });

    it('never verify after a change', () => {
      const key = {
        certId: sample.certId,
        nodeId: nodeIdNamed('a'),
        algorithm: signer.algorithm,
        spki: signer.spki,
      };
      fc.assert(
        fc.property(edits, (changes) => {
          const bytes = edited(whole, changes);
          fc.pre(!Buffer.from(bytes).equals(whole));
          const decoded = sample.decode(bytes);
          expect(decoded.ok && verifyRecord(testCrypto, sampleDomain, decoded.value, key).ok).toBe(false);
        }),
        { numRuns: 300 },
      );
    });
  },
);

it('hostile bytes as a down certificate never throw, and encode to themselves when accepted', () => {
  const accusations = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), {
    minLength: 1,
    maxLength: 5,
  });
  const valid = fc
    .record({ subject: nodeId, epoch: upTo(LARGE, 1), rosterNumber: upTo(LARGE), accusations })
    .map(encodeDownCertificate);
  const damaged = fc
    .tuple(valid, fc.nat(), fc.nat(255))
    .map(([bytes, at, byte]) => bytes.with(at % bytes.length, byte));
  fc.assert(
    fc.property(fc.oneof(valid, damaged, fc.uint8Array()), (bytes) => {
      const decoded = decodeDownCertificate(bytes);
      if (decoded.ok) expect(encodeDownCertificate(decoded.value)).toEqual(new Uint8Array(bytes));
      else expect(decoded.error.code).toBe('LS_DOWN_CERTIFICATE_MALFORMED');
    }),
    { numRuns: 3000 },
  );
});

it('record type codes are what every frame and ledger says, and nothing else is a type', () => {
  fc.assert(
    fc.property(fc.integer({ min: -10, max: 1000 }), (code) => {
      const type = recordTypeOfCode(code);
      expect(type === undefined || recordTypeCode(type) === code).toBe(true);
      expect(type !== undefined).toBe(code >= 0 && code < RECORD_TYPES.length);
    }),
  );
  expect(encodeCbor(RECORD_TYPES.map(recordTypeCode))).toEqual(encodeCbor([0, 1, 2, 3, 4, 5, 6, 7, 8]));
});
