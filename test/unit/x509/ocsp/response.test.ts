import { describe, expect, it } from 'vitest';
import {
  derBitString,
  derContext,
  derElement,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derTag,
  derTime,
  derUnsigned,
} from '../../../../src/codec/index.ts';
import { unixMs } from '../../../../src/std/index.ts';
import {
  encodeExtension,
  encodeOcspError,
  MAX_OCSP_CERTIFICATES,
  MAX_OCSP_RESPONSE_BYTES,
  parseOcspResponse,
  type OcspCertStatus,
  type OcspErrorStatus,
} from '../../../../src/x509/index.ts';
import { contentOf, editDer, elementAt } from '../../../support/der-surgery.ts';
import { answer, certIdOf, makeResponder } from '../../../support/ocsp.ts';
import { makeTestPki } from '../../../support/pki.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const pki = makeTestPki();
const responder = makeResponder(pki);
const SERIAL = '40000000000000000000000000000001';
const nonce = new Uint8Array(32).fill(7);
const revoked: OcspCertStatus = { status: 'revoked', revokedAt: pki.now, reason: 'keyCompromise' };
const whole = answer(pki, responder, { about: SERIAL, certStatus: revoked, nonce });
const basicOf = (der: Uint8Array): Uint8Array => contentOf(elementAt(der, [1, 0, 1]));

/** The response with one element of its BasicOCSPResponse edited. */
function edited(path: readonly number[], edit: (element: Uint8Array) => Uint8Array | null): Uint8Array {
  return editDer(whole, [1, 0, 1], () => derOctetString(editDer(basicOf(whole), path, edit)));
}

const SINGLE = [0, 2, 0];
const unknown = (critical: boolean): Uint8Array =>
  encodeExtension('1.3.6.1.4.1.60000.99.1', critical, derNull());
const replaceBy = (der: Uint8Array) => (): Uint8Array => der;
const drop = (): null => null;
const utc = derTime(pki.now);

describe('an OCSP response', () => {
  it.each<OcspCertStatus>([
    { status: 'good' },
    { status: 'unknown' },
    revoked,
    { status: 'revoked', revokedAt: pki.now, reason: 'unspecified' },
  ])('is read as it was written: %j', (certStatus) => {
    for (const hash of ['SHA-1', 'SHA-256'] as const) {
      const der = answer(pki, responder, { about: SERIAL, certStatus, nonce, hash });
      const parsed = valueOf(parseOcspResponse(der));
      expect(parsed).toMatchObject({
        status: 'successful',
        basic: {
          responderId: { kind: 'key' },
          producedAt: pki.now,
          responses: [
            {
              certId: certIdOf(pki, SERIAL, hash),
              certStatus,
              thisUpdate: pki.now,
              nextUpdate: unixMs(pki.now + 3_600_000),
            },
          ],
          nonce,
          certificates: [responder.der],
        },
      });
    }
  });

  it.each<OcspErrorStatus>(['malformedRequest', 'internalError', 'tryLater', 'sigRequired', 'unauthorized'])(
    'without an answer says %s',
    (status) => expect(valueOf(parseOcspResponse(encodeOcspError(status)))).toEqual({ status }),
  );

  it('may name its signer, omit nextUpdate and certificates, and carry unknown extensions', () => {
    const named = edited([0, 0], replaceBy(derContext(1, responder.certificate.subject)));
    expect(valueOf(parseOcspResponse(named))).toMatchObject({ basic: { responderId: { kind: 'name' } } });
    const bare = edited([...SINGLE, 3], drop);
    expect(valueOf(parseOcspResponse(bare))).toMatchObject({
      basic: { responses: [{ nextUpdate: undefined }] },
    });
    expect(valueOf(parseOcspResponse(edited([3], drop)))).toMatchObject({ basic: { certificates: [] } });
    const more = edited(SINGLE, (one) =>
      derSequence(contentOf(one), derContext(1, derSequence(unknown(false)))),
    );
    expect(parseOcspResponse(more).ok).toBe(true);
  });

  it.each<[string, Uint8Array, string]>([
    ['too many bytes', new Uint8Array(MAX_OCSP_RESPONSE_BYTES + 1), 'LS_DER_TOO_LARGE'],
    ['bytes after it', Uint8Array.from([...whole, 0]), 'LS_DER_TRAILING'],
    ['status 4', derSequence(derUnsigned(4, derTag.enumerated)), 'LS_OCSP_RESPONSE'],
    ['status 7', derSequence(derUnsigned(7, derTag.enumerated)), 'LS_OCSP_RESPONSE'],
    ['success and no bytes', derSequence(derUnsigned(0, derTag.enumerated)), 'LS_DER_TAG'],
    [
      'an error and bytes',
      editDer(whole, [0], replaceBy(derUnsigned(3, derTag.enumerated))),
      'LS_DER_TRAILING',
    ],
    ['another response type', editDer(whole, [1, 0, 0], replaceBy(derOid('1.2.3'))), 'LS_OCSP_RESPONSE'],
    [
      'an explicit version 1',
      edited([0], (data) => derSequence(derContext(0, derUnsigned(0)), contentOf(data))),
      'LS_DER_TAG',
    ],
    ['no responderID', edited([0, 0], drop), 'LS_DER_TAG'],
    [
      'a responder key hash of 19 bytes',
      edited([0, 0], replaceBy(derContext(2, derOctetString(new Uint8Array(19))))),
      'LS_OCSP_RESPONSE',
    ],
    ['producedAt as UTCTime', edited([0, 1], replaceBy(utc)), 'LS_DER_TAG'],
    ['no single response', edited([0, 2], replaceBy(derSequence())), 'LS_DER_COUNT'],
    [
      'a CertID with SHA-512',
      edited([...SINGLE, 0, 0, 0], replaceBy(derOid('2.16.840.1.101.3.4.2.3'))),
      'LS_OCSP_HASH',
    ],
    ['an unknown kind of status', edited([...SINGLE, 1], replaceBy(derContext(3))), 'LS_DER_TAG'],
    [
      'good with content',
      edited([...SINGLE, 1], replaceBy(derElement(0x80, Uint8Array.of(1)))),
      'LS_DER_NULL',
    ],
    [
      'unknown with content',
      edited([...SINGLE, 1], replaceBy(derElement(0x82, Uint8Array.of(1)))),
      'LS_DER_NULL',
    ],
    ['revoked at no time', edited([...SINGLE, 1], replaceBy(derContext(1))), 'LS_DER_TAG'],
    [
      'a reason code 7',
      edited([...SINGLE, 1, 1], replaceBy(derContext(0, derUnsigned(7, derTag.enumerated)))),
      'LS_OCSP_RESPONSE',
    ],
    ['no thisUpdate', edited([...SINGLE, 2], drop), 'LS_DER_TAG'],
    ['thisUpdate as UTCTime', edited([...SINGLE, 2], replaceBy(utc)), 'LS_DER_TAG'],
    ['nextUpdate as UTCTime', edited([...SINGLE, 3], replaceBy(derContext(0, utc))), 'LS_DER_TAG'],
    [
      'an unknown critical extension',
      edited([0, 3], replaceBy(derContext(1, derSequence(unknown(true))))),
      'LS_OCSP_CRITICAL_EXTENSION',
    ],
    [
      'an unknown critical extension about one certificate',
      edited(SINGLE, (one) => derSequence(contentOf(one), derContext(1, derSequence(unknown(true))))),
      'LS_OCSP_CRITICAL_EXTENSION',
    ],
    ['no signature algorithm', edited([1], drop), 'LS_DER_TAG'],
    ['a signature that is no BIT STRING', edited([2], replaceBy(derNull())), 'LS_DER_TAG'],
    [
      'a certificate that is no SEQUENCE',
      edited([3], replaceBy(derContext(0, derSequence(derNull())))),
      'LS_DER_TAG',
    ],
    [
      'too many certificates',
      edited(
        [3],
        replaceBy(
          derContext(
            0,
            derSequence(...Array.from({ length: MAX_OCSP_CERTIFICATES + 1 }, () => derSequence())),
          ),
        ),
      ),
      'LS_DER_COUNT',
    ],
    [
      'something after the certificates',
      edited([], (basic) => derSequence(contentOf(basic), derBitString(nonce))),
      'LS_DER_TRAILING',
    ],
  ])('is refused with %s', (_, der, code) => {
    expect(codeOf(parseOcspResponse(der))).toBe(code);
  });
});
