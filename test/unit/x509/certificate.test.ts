import { describe, expect, it } from 'vitest';
import {
  derBitString,
  derBoolean,
  derContext,
  derElement,
  derNull,
  derOid,
  derSequence,
  derSetOf,
  derTag,
  derTime,
  derUnsigned,
} from '../../../src/codec/index.ts';
import { unixMs, utf8 } from '../../../src/std/index.ts';
import {
  MAX_CERTIFICATE_BYTES,
  encodeExtension,
  encodeName,
  parseCertificate,
  verifySigned,
} from '../../../src/x509/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { editDer } from '../../support/der-surgery.ts';
import { makeTestPki, unknownExtension } from '../../support/pki.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const pki = makeTestPki();
const alpha = pki.node('alpha', { hosts: ['alpha.mesh.internal', '10.1.2.3', 'fd00::1'] });

/** Positions in a certificate. */
const at = {
  tbs: [0],
  version: [0, 0],
  serial: [0, 1],
  innerAlgorithm: [0, 2],
  issuer: [0, 3],
  validity: [0, 4],
  subject: [0, 5],
  spki: [0, 6],
  extensions: [0, 7],
  outerAlgorithm: [1],
  signature: [2],
} as const;

const edited = (path: readonly number[], edit: (element: Uint8Array) => Uint8Array | null) =>
  codeOf(parseCertificate(editDer(alpha.der, path, edit)));

describe('parseCertificate', () => {
  it('reads every field of a node certificate', () => {
    const certificate = valueOf(parseCertificate(alpha.der));
    expect(certificate).toMatchObject({
      version: 3,
      serialHex: alpha.serial,
      serial: alpha.serial,
      notBefore: pki.now - 300_000,
      notAfter: pki.now + 7 * 86_400_000,
      keyAlgorithm: 'ES256',
      signatureAlgorithm: { oid: '1.2.840.10045.4.3.2', algorithm: 'ES256' },
    });
    expect(certificate.der).toEqual(alpha.der);
    expect(certificate.issuer).toEqual(pki.issuing.certificate.subject);
    expect(certificate.subject).toEqual(encodeName({ commonName: 'alpha', serialNumber: alpha.nodeId }));
    expect(certificate.spki).toEqual(alpha.key.spki);
    expect(certificate.extensions).toMatchObject({
      basicConstraints: undefined,
      keyUsage: { critical: true, value: new Set(['digitalSignature']) },
      extendedKeyUsage: { critical: false, value: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'] },
      policy: [],
      unknown: [],
    });
    expect(certificate.extensions.subjectAltName?.value).toEqual([
      { kind: 'uri', value: 'spiffe://mesh.internal/node/alpha' },
      { kind: 'dns', value: 'alpha.mesh.internal' },
      { kind: 'ip', address: Uint8Array.of(10, 1, 2, 3) },
      { kind: 'ip', address: Uint8Array.from([0xfd, ...Array<number>(14).fill(0), 1]) },
    ]);
  });

  it('reads the constraints of an issuing CA', () => {
    expect(pki.issuing.certificate.extensions).toMatchObject({
      basicConstraints: { critical: true, value: { ca: true, pathLen: 0 } },
      nameConstraints: {
        critical: true,
        value: {
          permitted: [
            { kind: 'uri', value: 'mesh.internal' },
            { kind: 'dns', value: 'mesh.internal' },
            { kind: 'dns', value: 'example.test' },
            { kind: 'dns', value: 'localhost' },
            { kind: 'ip-range', address: new Uint8Array(4), mask: new Uint8Array(4) },
            { kind: 'ip-range', address: new Uint8Array(16), mask: new Uint8Array(16) },
          ],
          excluded: [],
        },
      },
    });
  });

  it('keeps a copy, so that later changes of the input change nothing', () => {
    const input = Uint8Array.from(alpha.der);
    const certificate = valueOf(parseCertificate(input));
    input.fill(0);
    expect(certificate.der).toEqual(alpha.der);
    expect(verifySigned(testCrypto, certificate, pki.issuing.key.spki)).toBe(true);
  });

  it('keeps unknown extensions with their criticality', () => {
    const { certificate } = pki.node('beta', { extra: [unknownExtension(true)] });
    expect(certificate.extensions.unknown).toEqual([
      { oid: '1.3.6.1.4.1.60000.99.1', critical: true, der: Uint8Array.of(5, 0) },
    ]);
  });

  it('keeps policy extensions apart from unknown ones', () => {
    const { certificate } = pki.node('beta', {
      extra: [encodeExtension('2.5.29.32', false, derSequence(derSequence(derOid('2.5.29.32.0'))))],
    });
    expect(certificate.extensions.policy.map(({ oid }) => oid)).toEqual(['2.5.29.32']);
    expect(certificate.extensions.unknown).toEqual([]);
  });

  it('gives no lifesign serial to a certificate whose serial has another form', () => {
    for (const serialHex of ['01', '00ff', 'ff', `80${'00'.repeat(15)}`, `01${'00'.repeat(19)}`]) {
      const { certificate } = pki.node('beta', { serialHex });
      expect(certificate.serialHex).toBe(serialHex);
      expect(certificate.serial).toBeUndefined();
    }
  });

  it('names keys and signatures that lifesign does not use as such', () => {
    const rsa = derSequence(
      derSequence(derOid('1.2.840.113549.1.1.1'), derNull()),
      derBitString(derSequence()),
    );
    const withRsa = parseCertificate(editDer(alpha.der, at.spki, () => rsa));
    expect(valueOf(withRsa).keyAlgorithm).toBeNull();
    const withParameters = derSequence(derOid('1.2.840.10045.4.3.2'), derNull());
    const both = editDer(
      editDer(alpha.der, at.innerAlgorithm, () => withParameters),
      at.outerAlgorithm,
      () => withParameters,
    );
    expect(valueOf(parseCertificate(both)).signatureAlgorithm.algorithm).toBeNull();
  });

  it('does not use a compressed point or another curve', () => {
    const key = alpha.key.spki;
    const compressed = Uint8Array.from(key);
    compressed[26] = 2;
    expect(valueOf(parseCertificate(editDer(alpha.der, at.spki, () => compressed))).keyAlgorithm).toBeNull();
    const otherCurve = Uint8Array.from(key);
    otherCurve[22] = 8;
    expect(valueOf(parseCertificate(editDer(alpha.der, at.spki, () => otherCurve))).keyAlgorithm).toBeNull();
  });

  const extension = (oid: string, value: Uint8Array) =>
    derContext(3, derSequence(encodeExtension(oid, false, value)));
  const text = (tag: number, content: Uint8Array | string) =>
    derSequence(
      derSetOf(
        derSequence(
          derOid('2.5.4.3'),
          derElement(tag, typeof content === 'string' ? utf8(content) : content),
        ),
      ),
    );
  const altName = (tag: number, content: Uint8Array) =>
    extension('2.5.29.17', derSequence(derElement(tag, content)));

  const refusals: readonly [string, string, readonly number[], (element: Uint8Array) => Uint8Array | null][] =
    [
      ['an explicit version 1', 'LS_X509_VERSION', at.version, () => derContext(0, derUnsigned(0))],
      ['a version 4', 'LS_X509_VERSION', at.version, () => derContext(0, derUnsigned(3))],
      ['extensions in version 1', 'LS_DER_TRAILING', at.version, () => null],
      ['extensions in version 2', 'LS_DER_TRAILING', at.version, () => derContext(0, derUnsigned(1))],
      [
        'a serial of 21 bytes',
        'LS_DER_INTEGER',
        at.serial,
        () => derElement(derTag.integer, new Uint8Array(21).fill(1)),
      ],
      ['an empty serial', 'LS_DER_INTEGER', at.serial, () => derElement(derTag.integer)],
      [
        'a serial with a padding byte',
        'LS_DER_INTEGER',
        at.serial,
        () => derElement(derTag.integer, Uint8Array.of(0, 1)),
      ],
      ['no serial', 'LS_DER_TAG', at.serial, () => null],
      [
        'another algorithm inside',
        'LS_X509_ALGORITHM_MISMATCH',
        at.innerAlgorithm,
        () => derSequence(derOid('1.3.101.112')),
      ],
      [
        'another algorithm outside',
        'LS_X509_ALGORITHM_MISMATCH',
        at.outerAlgorithm,
        () => derSequence(derOid('1.2.840.10045.4.3.3')),
      ],
      ['an RDN without an attribute', 'LS_DER_COUNT', at.subject, () => derSequence(derSetOf())],
      [
        'a PrintableString with an underscore',
        'LS_DER_STRING',
        at.subject,
        () => text(derTag.printableString, 'a_b'),
      ],
      [
        'a malformed UTF8String',
        'LS_DER_STRING',
        at.subject,
        () => text(derTag.utf8String, Uint8Array.of(0xc3)),
      ],
      [
        'an IA5String beyond ASCII',
        'LS_DER_STRING',
        at.subject,
        () => text(derTag.ia5String, Uint8Array.of(0xe9)),
      ],
      [
        'a BMPString of odd length',
        'LS_DER_STRING',
        at.subject,
        () => text(derTag.bmpString, Uint8Array.of(0, 65, 0)),
      ],
      [
        'a BMPString with a surrogate',
        'LS_DER_STRING',
        at.subject,
        () => text(derTag.bmpString, Uint8Array.of(0xd8, 0)),
      ],
      [
        'more RDNs than the cap',
        'LS_DER_COUNT',
        at.subject,
        () =>
          derSequence(
            ...Array<Uint8Array>(33).fill(
              derSetOf(derSequence(derOid('2.5.4.3'), derElement(derTag.utf8String, utf8('a')))),
            ),
          ),
      ],
      ['only one validity date', 'LS_DER_TRUNCATED', at.validity, () => derSequence(derTime(unixMs(0)))],
      [
        'three validity dates',
        'LS_DER_TRAILING',
        at.validity,
        () => derSequence(derTime(unixMs(0)), derTime(unixMs(0)), derTime(unixMs(0))),
      ],
      [
        'a key with unused bits',
        'LS_DER_BIT_STRING',
        [...at.spki, 1],
        () => derElement(derTag.bitString, Uint8Array.of(1, 0)),
      ],
      ['an empty list of extensions', 'LS_DER_COUNT', at.extensions, () => derContext(3, derSequence())],
      [
        'something after the extensions',
        'LS_DER_TRAILING',
        at.tbs,
        (tbs) => derElement(derTag.sequence, tbs.subarray(4), derNull()),
      ],
      [
        'a signature with unused bits',
        'LS_DER_BIT_STRING',
        at.signature,
        () => derElement(derTag.bitString, Uint8Array.of(1, 0)),
      ],
      ['no signature', 'LS_DER_TAG', at.signature, () => null],
      [
        'something after the signature',
        'LS_DER_TRAILING',
        [],
        (der) => derElement(derTag.sequence, der.subarray(4), derNull()),
      ],
      [
        'an explicit critical FALSE',
        'LS_DER_BOOLEAN',
        [...at.extensions, 0, 0],
        () =>
          derSequence(
            derOid('2.5.29.14'),
            derBoolean(false),
            derElement(derTag.octetString, derElement(4, Uint8Array.of(1))),
          ),
      ],
      [
        'the same extension twice',
        'LS_X509_DUPLICATE_EXTENSION',
        at.extensions,
        () => derContext(3, derSequence(unknownExtension(false), unknownExtension(true))),
      ],
      [
        'more extensions than the cap',
        'LS_DER_COUNT',
        at.extensions,
        () =>
          derContext(
            3,
            derSequence(
              ...Array.from({ length: 33 }, (_, i) => encodeExtension(`1.2.3.${i}`, false, derNull())),
            ),
          ),
      ],
      [
        'a path length on an end entity',
        'LS_X509_EXTENSION',
        at.extensions,
        () => extension('2.5.29.19', derSequence(derUnsigned(0))),
      ],
      [
        'a path length of 256',
        'LS_DER_INTEGER',
        at.extensions,
        () => extension('2.5.29.19', derSequence(derBoolean(true), derUnsigned(256))),
      ],
      [
        'trailing bytes in an extension',
        'LS_DER_TRAILING',
        at.extensions,
        () => extension('2.5.29.19', Uint8Array.of(...derSequence(), 0)),
      ],
      [
        'key usage without a bit',
        'LS_X509_EXTENSION',
        at.extensions,
        () => extension('2.5.29.15', derElement(derTag.bitString, Uint8Array.of(0))),
      ],
      [
        'key usage with a tenth bit',
        'LS_DER_BIT_STRING',
        at.extensions,
        () => extension('2.5.29.15', derElement(derTag.bitString, Uint8Array.of(6, 0, 0x40))),
      ],
      ['no extended key purpose', 'LS_DER_COUNT', at.extensions, () => extension('2.5.29.37', derSequence())],
      [
        'the same purpose twice',
        'LS_X509_EXTENSION',
        at.extensions,
        () => extension('2.5.29.37', derSequence(derOid('1.2.3'), derOid('1.2.3'))),
      ],
      ['no alternative name', 'LS_DER_COUNT', at.extensions, () => extension('2.5.29.17', derSequence())],
      [
        'more alternative names than the cap',
        'LS_DER_COUNT',
        at.extensions,
        () =>
          extension('2.5.29.17', derSequence(...Array<Uint8Array>(257).fill(derElement(0x82, utf8('a'))))),
      ],
      [
        'an address of five bytes',
        'LS_X509_GENERAL_NAME',
        at.extensions,
        () => altName(0x87, new Uint8Array(5)),
      ],
      [
        'an address with a mask as a name',
        'LS_X509_GENERAL_NAME',
        at.extensions,
        () => altName(0x87, new Uint8Array(8)),
      ],
      ['a DNS name beyond ASCII', 'LS_DER_STRING', at.extensions, () => altName(0x82, utf8('é'))],
      ['a URI beyond ASCII', 'LS_DER_STRING', at.extensions, () => altName(0x86, Uint8Array.of(0x80))],
      [
        'a name of an unknown kind',
        'LS_X509_GENERAL_NAME',
        at.extensions,
        () => altName(0x89, new Uint8Array()),
      ],
      [
        'name constraints without a subtree',
        'LS_X509_EXTENSION',
        at.extensions,
        () => extension('2.5.29.30', derSequence()),
      ],
      [
        'an empty list of permitted subtrees',
        'LS_DER_COUNT',
        at.extensions,
        () => extension('2.5.29.30', derSequence(derContext(0))),
      ],
      [
        'a subtree with a minimum',
        'LS_X509_EXTENSION',
        at.extensions,
        () =>
          extension(
            '2.5.29.30',
            derSequence(
              derContext(0, derSequence(derElement(0x82, utf8('a')), derElement(0x80, Uint8Array.of(1)))),
            ),
          ),
      ],
      [
        'a range whose mask is no prefix',
        'LS_X509_GENERAL_NAME',
        at.extensions,
        () =>
          extension(
            '2.5.29.30',
            derSequence(
              derContext(0, derSequence(derElement(0x87, Uint8Array.of(0, 0, 0, 0, 255, 0, 255, 0)))),
            ),
          ),
      ],
      [
        'an empty key identifier',
        'LS_X509_EXTENSION',
        at.extensions,
        () => extension('2.5.29.14', derElement(4)),
      ],
      [
        'a key identifier of 65 bytes',
        'LS_X509_EXTENSION',
        at.extensions,
        () => extension('2.5.29.14', derElement(4, new Uint8Array(65))),
      ],
      [
        'an authority named by serial only',
        'LS_X509_EXTENSION',
        at.extensions,
        () => extension('2.5.29.35', derSequence(derElement(0x82, Uint8Array.of(1)))),
      ],
      [
        'an empty distribution point list',
        'LS_DER_COUNT',
        at.extensions,
        () => extension('2.5.29.31', derSequence()),
      ],
    ];

  it.each(refusals)('refuses %s', (_, code, path, edit) => {
    expect(edited(path, edit)).toBe(code);
  });

  it('reads a certificate of its cap and refuses one byte more before it looks at anything', () => {
    const own = makeTestPki({ algorithm: 'Ed25519' });
    const sized = (bytes: number): Uint8Array =>
      own.node('beta', { extra: [encodeExtension('1.2.3', false, new Uint8Array(bytes))] }).der;
    const rest = MAX_CERTIFICATE_BYTES - sized(15_000).length;
    expect(valueOf(parseCertificate(sized(15_000 + rest))).der).toHaveLength(MAX_CERTIFICATE_BYTES);
    expect(codeOf(parseCertificate(new Uint8Array(MAX_CERTIFICATE_BYTES + 1)))).toBe('LS_DER_TOO_LARGE');
  });

  it('refuses every truncation of a certificate', () => {
    for (let length = 0; length < alpha.der.length; length++) {
      expect(parseCertificate(alpha.der.subarray(0, length)).ok).toBe(false);
    }
  });
});

describe('verifySigned', () => {
  it.each(['ES256', 'ES384', 'Ed25519'] as const)(
    'verifies %s certificates by the issuer and by nobody else',
    (algorithm) => {
      const own = makeTestPki({ algorithm });
      const { certificate } = own.node('alpha');
      expect(verifySigned(testCrypto, certificate, own.issuing.key.spki)).toBe(true);
      expect(verifySigned(testCrypto, certificate, own.root.key.spki)).toBe(false);
      expect(
        verifySigned(testCrypto, certificate, testKey(algorithm === 'ES256' ? 'Ed25519' : 'ES256').spki),
      ).toBe(false);
    },
  );

  it('refuses a certificate with any altered byte of its signed part that still parses', () => {
    let parsed = 0;
    for (let i = 4; i < alpha.certificate.tbs.length + 4; i++) {
      const altered = Uint8Array.from(alpha.der);
      altered[i] = (altered[i] ?? 0) ^ 1;
      const certificate = parseCertificate(altered);
      if (!certificate.ok) continue;
      parsed++;
      expect(verifySigned(testCrypto, certificate.value, pki.issuing.key.spki)).toBe(false);
    }
    expect(parsed).toBeGreaterThan(50);
  });

  it('refuses a signature that is not strict DER', () => {
    const padded = editDer(alpha.der, at.signature, () =>
      derBitString(Uint8Array.of(...alpha.certificate.signature, 0)),
    );
    expect(verifySigned(testCrypto, valueOf(parseCertificate(padded)), pki.issuing.key.spki)).toBe(false);
  });
});
