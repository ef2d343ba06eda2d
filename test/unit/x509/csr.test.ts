import { describe, expect, it } from 'vitest';
import {
  derBitString,
  derContext,
  derElement,
  derNull,
  derOid,
  derSequence,
  derSetOf,
  derTag,
  derUnsigned,
  derUtf8String,
} from '../../../src/codec/index.ts';
import { utf8 } from '../../../src/std/index.ts';
import {
  MAX_CSR_BYTES,
  encodeName,
  keyUsageExtension,
  parseCsr,
  signCsr,
  subjectAltNameExtension,
  verifyCsr,
} from '../../../src/x509/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { editDer } from '../../support/der-surgery.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const subject = encodeName({ commonName: 'alpha' });
const key = testKey();
const extensions = [
  keyUsageExtension(['digitalSignature']),
  subjectAltNameExtension([{ kind: 'dns', value: 'alpha.mesh.internal' }]),
];
const csr = signCsr({ subject, challengePassword: 'proof', extensions }, key);

const CHALLENGE = '1.2.840.113549.1.9.7';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const attribute = (oid: string, ...values: readonly Uint8Array[]) =>
  derSequence(derOid(oid), derSetOf(...values));
const withAttributes = (...attributes: readonly Uint8Array[]) =>
  editDer(csr, [0, 3], () => derContext(0, ...attributes));

describe('parseCsr', () => {
  it('reads subject, key and attributes', () => {
    const request = valueOf(parseCsr(csr));
    expect(request).toMatchObject({ keyAlgorithm: 'ES256', challengePassword: 'proof' });
    expect(request.subject).toEqual(subject);
    expect(request.spki).toEqual(key.spki);
    expect(request.extensionRequest?.subjectAltName?.value).toEqual([
      { kind: 'dns', value: 'alpha.mesh.internal' },
    ]);
    expect(request.extensionRequest?.keyUsage?.critical).toBe(true);
  });

  it('reads a request without attributes and ignores attributes that it does not know', () => {
    expect(valueOf(parseCsr(signCsr({ subject }, key)))).toMatchObject({
      challengePassword: undefined,
      extensionRequest: undefined,
    });
    expect(codeOf(parseCsr(withAttributes(attribute('1.2.3', derNull(), derNull()))))).toBeUndefined();
  });

  it('keeps a copy', () => {
    const input = Uint8Array.from(csr);
    const request = valueOf(parseCsr(input));
    input.fill(0);
    expect(verifyCsr(request, testCrypto).ok).toBe(true);
  });

  const rsaKey = derSequence(
    derSequence(derOid('1.2.840.113549.1.1.1'), derNull()),
    derBitString(derSequence()),
  );
  const refusals: readonly [string, string, Uint8Array][] = [
    ['another version', 'LS_X509_VERSION', editDer(csr, [0, 0], () => derUnsigned(1))],
    ['no version', 'LS_DER_TAG', editDer(csr, [0, 0], () => null)],
    ['a key that lifesign does not use', 'LS_X509_KEY_ALGORITHM', editDer(csr, [0, 2], () => rsaKey)],
    ['no attributes field', 'LS_DER_TAG', editDer(csr, [0, 3], () => null)],
    [
      'the algorithm of another key',
      'LS_X509_ALGORITHM',
      editDer(csr, [1], () => derSequence(derOid('1.3.101.112'))),
    ],
    [
      'an algorithm with parameters',
      'LS_X509_ALGORITHM',
      editDer(csr, [1], () => derSequence(derOid('1.2.840.10045.4.3.2'), derNull())),
    ],
    ['something after the signature', 'LS_DER_TRAILING', Uint8Array.of(...csr, 0)],
    [
      'the challenge twice',
      'LS_X509_CSR_ATTRIBUTE',
      withAttributes(attribute(CHALLENGE, derUtf8String('a')), attribute(CHALLENGE, derUtf8String('a'))),
    ],
    [
      'two challenges in one attribute',
      'LS_DER_TRAILING',
      withAttributes(attribute(CHALLENGE, derUtf8String('a'), derUtf8String('b'))),
    ],
    ['a challenge without a value', 'LS_DER_TRUNCATED', withAttributes(attribute(CHALLENGE))],
    ['an empty challenge', 'LS_X509_CSR_ATTRIBUTE', withAttributes(attribute(CHALLENGE, derUtf8String('')))],
    [
      'a challenge of 256 characters',
      'LS_X509_CSR_ATTRIBUTE',
      withAttributes(attribute(CHALLENGE, derUtf8String('a'.repeat(256)))),
    ],
    [
      'a challenge that is no text',
      'LS_X509_CSR_ATTRIBUTE',
      withAttributes(attribute(CHALLENGE, derUnsigned(1))),
    ],
    [
      'a malformed challenge',
      'LS_DER_STRING',
      withAttributes(attribute(CHALLENGE, derElement(derTag.utf8String, Uint8Array.of(0xff)))),
    ],
    [
      'a challenge in a BMPString',
      'LS_X509_CSR_ATTRIBUTE',
      withAttributes(attribute(CHALLENGE, derElement(derTag.bmpString, Uint8Array.of(0, 65)))),
    ],
    [
      'an empty extension request',
      'LS_DER_COUNT',
      withAttributes(attribute(EXTENSION_REQUEST, derSequence())),
    ],
    [
      'a malformed extension',
      'LS_DER_TRUNCATED',
      withAttributes(
        attribute(
          EXTENSION_REQUEST,
          derSequence(derSequence(derOid('2.5.29.17'), derElement(4, Uint8Array.of(0x30, 5)))),
        ),
      ),
    ],
    ['values outside of a SET', 'LS_DER_TAG', withAttributes(derSequence(derOid('1.2.3'), derNull()))],
    [
      'more attributes than the cap',
      'LS_DER_COUNT',
      withAttributes(...Array.from({ length: 17 }, (_, i) => attribute(`1.2.${i}`, derNull()))),
    ],
    ['more bytes than the cap', 'LS_DER_TOO_LARGE', new Uint8Array(MAX_CSR_BYTES + 1)],
  ];

  it.each(refusals)('refuses %s', (_, code, der) => {
    expect(codeOf(parseCsr(der))).toBe(code);
  });

  it('reads 16 attributes and a challenge of 255 characters', () => {
    const attributes = Array.from({ length: 15 }, (_, i) => attribute(`1.2.${i}`, derNull()));
    const full = withAttributes(...attributes, attribute(CHALLENGE, derUtf8String('a'.repeat(255))));
    expect(valueOf(parseCsr(full)).challengePassword).toHaveLength(255);
  });

  it('refuses every truncation', () => {
    for (let length = 0; length < csr.length; length++)
      expect(parseCsr(csr.subarray(0, length)).ok).toBe(false);
  });
});

describe('verifyCsr', () => {
  it.each(['ES256', 'ES384', 'Ed25519'] as const)(
    'accepts a request signed by its own %s key',
    (algorithm) => {
      const request = valueOf(parseCsr(signCsr({ subject }, testKey(algorithm))));
      expect(valueOf(verifyCsr(request, testCrypto))).toBe(request);
    },
  );

  it('refuses a request for the key of somebody else', () => {
    const stolen = { ...testKey(), spki: testKey().spki };
    const request = valueOf(parseCsr(signCsr({ subject }, stolen)));
    expect(codeOf(verifyCsr(request, testCrypto))).toBe('LS_X509_POSSESSION');
  });

  it('refuses a request whose subject, key or challenge was altered', () => {
    const altered = [
      editDer(csr, [0, 1], () => encodeName({ commonName: 'beta' })),
      editDer(csr, [0, 2], () => testKey().spki),
      editDer(csr, [0, 3], () =>
        derContext(0, attribute(CHALLENGE, derElement(derTag.utf8String, utf8('other')))),
      ),
    ];
    for (const der of altered)
      expect(codeOf(verifyCsr(valueOf(parseCsr(der)), testCrypto))).toBe('LS_X509_POSSESSION');
  });
});
