import { describe, expect, it } from 'vitest';
import { derContext, derOctetString } from '../../../../src/codec/index.ts';
import { unixMs, type UnixMs } from '../../../../src/std/index.ts';
import {
  encodeOcspError,
  keyPurposes,
  MAX_OCSP_SKEW_MS,
  ocspNoCheckExtension,
  verifyOcspResponse,
  type OcspVerification,
} from '../../../../src/x509/index.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { contentOf, editDer, elementAt } from '../../../support/der-surgery.ts';
import { answer, makeResponder, type TestAnswer } from '../../../support/ocsp.ts';
import { makeTestPki, unknownExtension, type CertificateOverrides } from '../../../support/pki.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const pki = makeTestPki();
const stranger = makeTestPki();
const alpha = pki.node('alpha');
const beta = pki.node('beta');
const responder = makeResponder(pki);
const nonce = new Uint8Array(32).fill(9);
const about = alpha.serial;
const at = (ms: number): UnixMs => unixMs(pki.now + ms);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function verify(response: Uint8Array, other: Partial<OcspVerification> = {}) {
  const { certificate } = alpha;
  const issuer = pki.issuing.certificate;
  return verifyOcspResponse({ response, certificate, issuer, crypto: testCrypto, now: pki.now, ...other });
}

const good = (fields: Partial<TestAnswer> = {}): Uint8Array => answer(pki, responder, { about, ...fields });
/** Signed by a responder with a fault. */
const by = (overrides: CertificateOverrides): Uint8Array =>
  answer(pki, makeResponder(pki, overrides), { about });

describe('verifyOcspResponse', () => {
  it.each(['SHA-1', 'SHA-256'] as const)('takes what a delegated signer says, with a %s CertID', (hash) => {
    const revoked = { status: 'revoked', revokedAt: at(-HOUR_MS), reason: 'keyCompromise' } as const;
    expect(valueOf(verify(good({ hash })))).toMatchObject({
      certStatus: { status: 'good' },
      producedAt: pki.now,
      thisUpdate: pki.now,
      nextUpdate: at(HOUR_MS),
      hasNonce: false,
      signer: { serialHex: responder.certificate.serialHex },
    });
    expect(valueOf(verify(good({ hash, certStatus: revoked }))).certStatus).toEqual(revoked);
    expect(valueOf(verify(good({ hash, certStatus: { status: 'unknown' } }))).certStatus.status).toBe(
      'unknown',
    );
  });

  it('takes what the issuing CA itself says', () => {
    const direct = answer(pki, pki.issuing, { about, certificates: [] });
    expect(valueOf(verify(direct)).signer.serialHex).toBe(pki.issuing.certificate.serialHex);
  });

  it('takes a signer that is named instead of hashed, and Ed25519 throughout', () => {
    const other = makeTestPki({ algorithm: 'Ed25519' });
    const node = other.node('alpha');
    const response = answer(other, makeResponder(other), { about: node.serial });
    const issuer = other.issuing.certificate;
    const request = { certificate: node.certificate, issuer, crypto: testCrypto, now: other.now };
    expect(verifyOcspResponse({ ...request, response }).ok).toBe(true);
  });

  it('wants the nonce that was sent', () => {
    const mine = good({ nonce });
    expect(valueOf(verify(mine, { nonce })).hasNonce).toBe(true);
    expect(valueOf(verify(mine)).hasNonce).toBe(false);
    expect(codeOf(verify(good({ nonce: new Uint8Array(32) }), { nonce }))).toBe('LS_OCSP_NONCE');
    expect(codeOf(verify(good(), { nonce }))).toBe('LS_OCSP_NONCE');
    expect(valueOf(verify(good(), { nonce, mayOmitNonce: true })).hasNonce).toBe(false);
    expect(codeOf(verify(good({ nonce: nonce.subarray(1) }), { nonce, mayOmitNonce: true }))).toBe(
      'LS_OCSP_NONCE',
    );
  });

  it('wants an answer in its time, with clocks a little apart', () => {
    expect(verify(good(), { now: at(HOUR_MS) }).ok).toBe(true);
    expect(codeOf(verify(good(), { now: at(HOUR_MS + 1) }))).toBe('LS_OCSP_EXPIRED');
    expect(verify(good(), { now: at(-MAX_OCSP_SKEW_MS) }).ok).toBe(true);
    expect(codeOf(verify(good(), { now: at(-MAX_OCSP_SKEW_MS - 1) }))).toBe('LS_OCSP_FROM_FUTURE');
    expect(codeOf(verify(good({ producedAt: at(HOUR_MS) })))).toBe('LS_OCSP_FROM_FUTURE');
    expect(codeOf(verify(good({ thisUpdate: at(HOUR_MS) })))).toBe('LS_OCSP_FROM_FUTURE');
    expect(codeOf(verify(good({ nextUpdate: null })))).toBe('LS_OCSP_EXPIRED');
    const backwards = good({ thisUpdate: at(60_000), nextUpdate: at(1_000) });
    expect(codeOf(verify(backwards))).toBe('LS_OCSP_EXPIRED');
  });

  it('wants an answer about this very certificate', () => {
    expect(codeOf(verify(good({ about: beta.serial })))).toBe('LS_OCSP_OTHER_CERTIFICATE');
    const foreignId = answer(stranger, responder, { about });
    expect(codeOf(verify(foreignId))).toBe('LS_OCSP_OTHER_CERTIFICATE');
    const other = { certificate: stranger.node('alpha', { serialHex: about, subject: {} }).certificate };
    expect(verify(good(), other).ok).toBe(true);
    const elsewhere = pki.node('x', { issuer: pki.issuingCa('second'), serialHex: about }).certificate;
    expect(codeOf(verify(good(), { certificate: elsewhere }))).toBe('LS_OCSP_OTHER_CERTIFICATE');
  });

  it.each<OcspErrorCase>([['tryLater'], ['unauthorized'], ['malformedRequest']])(
    'has no answer in %s',
    (status) => {
      expect(codeOf(verify(encodeOcspError(status)))).toBe('LS_OCSP_STATUS');
    },
  );

  it('refuses a response that was signed by another key, or altered, or cut', () => {
    expect(codeOf(verify(good({ signedBy: testKey() })))).toBe('LS_OCSP_SIGNATURE');
    expect(codeOf(verify(good({ signedBy: testKey('Ed25519') })))).toBe('LS_OCSP_SIGNATURE');
    const revoked = good({ certStatus: { status: 'revoked', revokedAt: pki.now, reason: 'unspecified' } });
    const basic = contentOf(elementAt(revoked, [1, 0, 1]));
    const healed = editDer(basic, [0, 2, 0, 1], () => Uint8Array.of(0x80, 0));
    const forged = editDer(revoked, [1, 0, 1], () => derOctetString(healed));
    expect(codeOf(verify(forged))).toBe('LS_OCSP_SIGNATURE');
    expect(verify(good().subarray(0, -1)).ok).toBe(false);
  });

  it('refuses a signer whose certificate is not with it, or is not DER', () => {
    expect(codeOf(verify(good({ certificates: [] })))).toBe('LS_OCSP_UNAUTHORISED');
    expect(codeOf(verify(good({ certificates: [beta.der] })))).toBe('LS_OCSP_UNAUTHORISED');
    expect(codeOf(verify(good({ certificates: [derContext(0), responder.der] })))).not.toBeUndefined();
  });

  it.each<[string, CertificateOverrides]>([
    ['of another purpose', { extendedKeyUsage: [keyPurposes.serverAuth] }],
    ['of any purpose', { extendedKeyUsage: [keyPurposes.anyExtendedKeyUsage] }],
    ['without a purpose', { extendedKeyUsage: null }],
    ['without id-pkix-ocsp-nocheck', { extra: [] }],
    ['issued by a sister CA', { issuer: pki.issuingCa('second') }],
    ['issued by the root', { issuer: pki.root }],
    ['issued by a stranger of the same name', { issuer: stranger.issuing }],
    ['forged under the name of the CA', { signedBy: testKey() }],
    ['issued by a node', { issuer: beta }],
    ['that is a CA', { basicConstraints: { ca: true, pathLen: 0 } }],
    ['without digitalSignature', { keyUsage: ['keyAgreement'] }],
    ['with an unknown critical extension', { extra: [ocspNoCheckExtension(), unknownExtension(true)] }],
    ['that has expired', { notBefore: at(-2 * DAY_MS), notAfter: at(-1_000) }],
    ['that is not valid yet', { notBefore: at(HOUR_MS) }],
  ])('refuses a signer %s', (_, overrides) => {
    expect(codeOf(verify(by(overrides)))).toBe('LS_OCSP_UNAUTHORISED');
  });

  it('refuses the node itself as its own responder', () => {
    expect(codeOf(verify(answer(pki, alpha, { about })))).toBe('LS_OCSP_UNAUTHORISED');
  });
});

type OcspErrorCase = [Parameters<typeof encodeOcspError>[0]];
