import { describe, expect, it } from 'vitest';
import {
  derBitString,
  derContext,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derUnsigned,
  derUtf8String,
} from '../../../../src/codec/index.ts';
import {
  encodeExtension,
  encodeOcspRequest,
  MAX_OCSP_CERT_IDS,
  MAX_OCSP_NONCE_BYTES,
  MAX_OCSP_REQUEST_BYTES,
  oids,
  parseOcspRequest,
} from '../../../../src/x509/index.ts';
import { editDer } from '../../../support/der-surgery.ts';
import { certIdOf } from '../../../support/ocsp.ts';
import { makeTestPki } from '../../../support/pki.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const pki = makeTestPki();
const SERIAL = '7f00000000000000000000000000000001'.slice(0, 32);
const certId = certIdOf(pki, SERIAL);
const nonce = Uint8Array.from({ length: 32 }, (_, i) => i);
const plain = encodeOcspRequest({ certIds: [certId], nonce: undefined });
const withNonce = encodeOcspRequest({ certIds: [certId], nonce });

/** tbsRequest.requestList.0.reqCert */
const CERT_ID = [0, 0, 0, 0];
const NO_BITS = new Uint8Array(8);

function nonceOf(bytes: number): Uint8Array {
  return encodeOcspRequest({ certIds: [certId], nonce: new Uint8Array(bytes) });
}

function asking(count: number): Uint8Array {
  const certIds = Array.from({ length: count }, (_, i) => certIdOf(pki, `40${String(i).padStart(30, '0')}`));
  return encodeOcspRequest({ certIds, nonce: undefined });
}

/** The request with these request extensions. */
function extended(...extensions: readonly Uint8Array[]): Uint8Array {
  return editDer(withNonce, [0, 1], () => derContext(2, derSequence(...extensions)));
}

const nonceExtension = encodeExtension(oids.ocspNonce, false, derOctetString(nonce));
const unknown = (critical: boolean): Uint8Array =>
  encodeExtension('1.3.6.1.4.1.60000.99.1', critical, derNull());

describe('an OCSP request', () => {
  it.each(['SHA-1', 'SHA-256'] as const)('is read as it was written, with %s', (hash) => {
    const certIds = [certIdOf(pki, SERIAL, hash), certIdOf(pki, '4001', hash)];
    for (const request of [
      { certIds, nonce },
      { certIds, nonce: undefined },
    ]) {
      expect(valueOf(parseOcspRequest(encodeOcspRequest(request)))).toEqual(request);
    }
  });

  it('is read with hash parameters absent, and with a requestor, a signature and unknown extensions', () => {
    const absent = editDer(plain, [...CERT_ID, 0, 1], () => null);
    const requestor = derContext(1, derContext(4, derSequence()));
    const signature = derContext(0, derSequence(derSequence(derOid('1.2.3')), derBitString(NO_BITS)));
    const named = editDer(plain, [0], (each) => derSequence(requestor, each.subarray(2)));
    const signed = derSequence(plain.subarray(2), signature);
    for (const der of [absent, named, signed, extended(unknown(false), nonceExtension)]) {
      expect(valueOf(parseOcspRequest(der)).certIds).toEqual([certId]);
    }
    expect(valueOf(parseOcspRequest(extended(unknown(false), nonceExtension))).nonce).toEqual(nonce);
  });

  it('may have as many certificates and as long a nonce as the bounds say, and no more', () => {
    expect(valueOf(parseOcspRequest(asking(MAX_OCSP_CERT_IDS))).certIds).toHaveLength(MAX_OCSP_CERT_IDS);
    expect(codeOf(parseOcspRequest(asking(MAX_OCSP_CERT_IDS + 1)))).toBe('LS_DER_COUNT');
    expect(codeOf(parseOcspRequest(asking(0)))).toBe('LS_DER_COUNT');
    expect(valueOf(parseOcspRequest(nonceOf(MAX_OCSP_NONCE_BYTES))).nonce).toHaveLength(MAX_OCSP_NONCE_BYTES);
    expect(codeOf(parseOcspRequest(nonceOf(MAX_OCSP_NONCE_BYTES + 1)))).toBe('LS_OCSP_NONCE_LENGTH');
    expect(codeOf(parseOcspRequest(nonceOf(0)))).toBe('LS_OCSP_NONCE_LENGTH');
    expect(codeOf(parseOcspRequest(new Uint8Array(MAX_OCSP_REQUEST_BYTES + 1)))).toBe('LS_DER_TOO_LARGE');
  });

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'LS_DER_TAG'],
    ['bytes after it', Uint8Array.from([...plain, 0]), 'LS_DER_TRAILING'],
    [
      'an explicit version 1',
      editDer(plain, [0], (tbs) => derSequence(derContext(0, derUnsigned(0)), tbs.subarray(2))),
      'LS_DER_TAG',
    ],
    [
      'a requestor that is no GeneralName',
      editDer(plain, [0], (tbs) => derSequence(derContext(1, derNull()), tbs.subarray(2))),
      'LS_X509_GENERAL_NAME',
    ],
    ['a request that is no SEQUENCE', editDer(plain, [0, 0, 0], () => derNull()), 'LS_DER_TAG'],
    ['SHA-512', editDer(plain, [...CERT_ID, 0, 0], () => derOid('2.16.840.1.101.3.4.2.3')), 'LS_OCSP_HASH'],
    [
      'hash parameters that are not NULL',
      editDer(plain, [...CERT_ID, 0, 1], () => derUtf8String('x')),
      'LS_DER_TAG',
    ],
    [
      'a short issuerNameHash',
      editDer(plain, [...CERT_ID, 1], () => derOctetString(new Uint8Array(19))),
      'LS_OCSP_HASH',
    ],
    [
      'a long issuerKeyHash',
      editDer(plain, [...CERT_ID, 2], () => derOctetString(new Uint8Array(32))),
      'LS_OCSP_HASH',
    ],
    ['a serial that is no INTEGER', editDer(plain, [...CERT_ID, 3], () => derNull()), 'LS_DER_TAG'],
    [
      'a serial of 21 bytes',
      editDer(plain, [...CERT_ID, 3], () => Uint8Array.from([2, 21, ...new Uint8Array(21).fill(1)])),
      'LS_DER_INTEGER',
    ],
    [
      'something after the serial',
      editDer(plain, CERT_ID, (id) => derSequence(id.subarray(2), derNull())),
      'LS_DER_TRAILING',
    ],
    ['an unknown critical extension', extended(unknown(true), nonceExtension), 'LS_OCSP_CRITICAL_EXTENSION'],
    [
      'an unknown critical extension of one request',
      editDer(plain, [0, 0, 0], (one) =>
        derSequence(one.subarray(2), derContext(0, derSequence(unknown(true)))),
      ),
      'LS_OCSP_CRITICAL_EXTENSION',
    ],
    ['two nonces', extended(nonceExtension, nonceExtension), 'LS_X509_DUPLICATE_EXTENSION'],
    [
      'a nonce that is no OCTET STRING',
      extended(encodeExtension(oids.ocspNonce, false, derNull())),
      'LS_DER_TAG',
    ],
    ['an empty list of extensions', extended(), 'LS_DER_COUNT'],
    [
      'a signature that is no SEQUENCE',
      derSequence(plain.subarray(2), derContext(0, derNull())),
      'LS_DER_TAG',
    ],
  ])('is refused with %s', (_, der, code) => {
    expect(codeOf(parseOcspRequest(der))).toBe(code);
  });
});
