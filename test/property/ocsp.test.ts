import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, unixMs } from '../../src/std/index.ts';
import {
  encodeOcspRequest,
  ocspHashes,
  parseOcspRequest,
  parseOcspResponse,
  verifyOcspResponse,
} from '../../src/x509/index.ts';
import { testCrypto } from '../support/crypto.ts';
import { answer, certIdOf, makeResponder } from '../support/ocsp.ts';
import { makeTestPki } from '../support/pki.ts';
import { valueOf } from '../support/result.ts';

const pki = makeTestPki();
const responder = makeResponder(pki);
const alpha = pki.node('alpha');
const nonce = new Uint8Array(32).fill(3);
const request = encodeOcspRequest({ certIds: [certIdOf(pki, alpha.serial)], nonce });
const revoked = { status: 'revoked', revokedAt: unixMs(pki.now), reason: 'keyCompromise' } as const;
const response = answer(pki, responder, { about: alpha.serial, certStatus: revoked, nonce });

/** Some bytes of a valid input replaced, removed or inserted. */
function damaged(input: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(input.length - 1),
    remove: fc.nat(3),
    insert: fc.uint8Array({ maxLength: 3 }),
  });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) =>
    changes.reduce((bytes, { at, remove, insert }) => {
      const cut = Math.min(at, bytes.length);
      return Uint8Array.from([...bytes.subarray(0, cut), ...insert, ...bytes.subarray(cut + remove)]);
    }, input),
  );
}

const RUNS = { numRuns: 3000 };

describe('OCSP, for any input', () => {
  it('requests survive writing and reading', () => {
    const certId = fc
      .tuple(fc.constantFrom(...ocspHashes), fc.uint8Array({ minLength: 1, maxLength: 19 }))
      .map(([hash, bytes]) => certIdOf(pki, toHex(Uint8Array.of(0x40, ...bytes)), hash));
    fc.assert(
      fc.property(
        fc.array(certId, { minLength: 1, maxLength: 8 }),
        fc.option(fc.uint8Array({ minLength: 1, maxLength: 128 }), { nil: undefined }),
        (certIds, sent) => {
          const asked = { certIds, nonce: sent };
          expect(valueOf(parseOcspRequest(encodeOcspRequest(asked)))).toEqual(asked);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never throws on damaged requests', () => {
    fc.assert(
      fc.property(damaged(request), (bytes) => {
        parseOcspRequest(bytes);
      }),
      RUNS,
    );
  });

  it('never throws on damaged responses', () => {
    fc.assert(
      fc.property(damaged(response), (bytes) => {
        parseOcspResponse(bytes);
      }),
      RUNS,
    );
  });

  it('takes no damaged response for another status than the one that was signed', () => {
    const { certificate } = alpha;
    const issuer = pki.issuing.certificate;
    fc.assert(
      fc.property(damaged(response), (bytes) => {
        const verified = verifyOcspResponse({
          response: bytes,
          certificate,
          issuer,
          nonce,
          crypto: testCrypto,
          now: pki.now,
        });
        if (verified.ok) expect(verified.value.certStatus).toEqual(revoked);
      }),
      { numRuns: 1000 },
    );
  });
});
