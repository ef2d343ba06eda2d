import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  derElement,
  derNull,
  derOid,
  derSequence,
  derSetOf,
  derTag,
  derUnsigned,
} from '../../../../src/codec/index.ts';
import { unixMs, utf8 } from '../../../../src/std/index.ts';
import {
  encodeExtension,
  encodeGeneralName,
  issuerOf,
  lintCertificate,
  ocspAccessExtension,
  ocspNoCheckExtension,
  oids,
  subjectAltNameExtension,
  type GeneralName,
} from '../../../../src/x509/index.ts';
import { testKey } from '../../../support/crypto.ts';
import { editDer } from '../../../support/der-surgery.ts';
import { makeResponder } from '../../../support/ocsp.ts';
import { makeTestPki, unknownExtension, type CertificateOverrides } from '../../../support/pki.ts';
import { shippedProfile } from '../../../support/profiles.ts';
import { valueOf } from '../../../support/result.ts';

const pki = makeTestPki();
const issuer = valueOf(issuerOf(pki.issuing.certificate));
const rootIssuer = valueOf(issuerOf(pki.root.certificate));
const day = 86_400_000;
const id: GeneralName = { kind: 'uri', value: 'spiffe://mesh.internal/node/alpha' };
const dns = (value: string): GeneralName => ({ kind: 'dns', value });
const tbsOf = (path: readonly number[]) => [0, ...path];

const rulesOf = (
  name: 'node' | 'issuing' | 'root' | 'server' | 'ocsp',
  der: Uint8Array,
  by?: Parameters<typeof lintCertificate>[2],
) => lintCertificate(shippedProfile(name), der, by).map(({ rule }) => rule);
const nodeRules = (overrides: CertificateOverrides) =>
  rulesOf('node', pki.node('alpha', overrides).der, issuer);

describe('lintCertificate', () => {
  it('finds nothing in certificates as the profiles want them', () => {
    expect(lintCertificate(shippedProfile('root'), pki.root.der, 'self')).toEqual([]);
    expect(lintCertificate(shippedProfile('issuing'), pki.issuing.der, rootIssuer)).toEqual([]);
    expect(
      lintCertificate(
        shippedProfile('node'),
        pki.node('alpha', { hosts: ['a.mesh.internal', '::1'] }).der,
        issuer,
      ),
    ).toEqual([]);
    expect(lintCertificate(shippedProfile('operator'), pki.operator('bob').der, issuer)).toEqual([]);
    expect(lintCertificate(shippedProfile('server'), pki.server('10.0.0.1').der, issuer)).toEqual([]);
  });

  it('wants a responder to have no name, no access, and id-pkix-ocsp-nocheck, which nobody else has', () => {
    const access = ocspAccessExtension(['http://ca.mesh.internal:8441/ocsp']);
    const responder = (overrides: CertificateOverrides = {}) =>
      rulesOf('ocsp', makeResponder(pki, overrides).der, issuer);
    expect(responder()).toEqual([]);
    expect(responder({ subjectAltName: [id] })).toEqual(['subject-alt-name', 'spiffe-id']);
    expect(responder({ extra: [] })).toEqual(['ocsp-no-check']);
    expect(responder({ extra: [ocspNoCheckExtension(), access] })).toEqual(['authority-info-access']);
    expect(nodeRules({ extra: [ocspNoCheckExtension()] })).toEqual(['ocsp-no-check']);
    const critical = encodeExtension(oids.ocspNoCheck, true, derNull());
    expect(responder({ extra: [critical] })).toEqual(['ocsp-no-check']);
  });

  it('wants the access to OCSP to be an http URL, and not critical', () => {
    const url: GeneralName = { kind: 'uri', value: 'http://ca.mesh.internal:8441/ocsp' };
    const access = (method: string, location: GeneralName, critical = false) =>
      encodeExtension(
        oids.authorityInfoAccess,
        critical,
        derSequence(derSequence(derOid(method), encodeGeneralName(location))),
      );
    const https: GeneralName = { kind: 'uri', value: 'https://ca.mesh.internal/ocsp' };
    expect(nodeRules({ extra: [ocspAccessExtension([url.value])] })).toEqual([]);
    for (const bad of [
      access(oids.ocspAccess, url, true),
      access(oids.ocspAccess, https),
      access(oids.ocspAccess, dns('ca.mesh.internal')),
      access('1.3.6.1.5.5.7.48.2', url),
    ]) {
      expect(nodeRules({ extra: [bad] })).toEqual(['authority-info-access']);
    }
  });

  it('needs no issuer for the rules about the certificate alone', () => {
    expect(rulesOf('node', pki.node('alpha').der)).toEqual([]);
  });

  it('reports a certificate that does not parse', () => {
    expect(rulesOf('node', new Uint8Array(3))).toEqual(['well-formed']);
  });

  it('reports everything that is wrong, not the first thing only', () => {
    expect(nodeRules({ keyUsage: null, extendedKeyUsage: null })).toEqual([
      'key-usage',
      'extended-key-usage',
    ]);
  });

  const issuing = (overrides: CertificateOverrides) =>
    rulesOf('issuing', pki.issuingCa('other', overrides).der, rootIssuer);
  const leaf = pki.node('alpha').der;
  const subject = (...rdns: readonly Uint8Array[]) => editDer(leaf, tbsOf([5]), () => derSequence(...rdns));
  const attribute = (oid: string, tag: number, text: string) =>
    derSequence(derOid(oid), derElement(tag, utf8(text)));
  const serial = derSetOf(attribute('2.5.4.5', derTag.printableString, 'ab'));

  it.each<[string, string, () => readonly string[]]>([
    [
      'version 1 without extensions',
      'version',
      () =>
        rulesOf(
          'node',
          editDer(
            editDer(leaf, tbsOf([7]), () => null),
            tbsOf([0]),
            () => null,
          ),
        ),
    ],
    ['a serial of 8 bytes', 'serial-number', () => nodeRules({ serialHex: '40'.repeat(8) })],
    ['a serial with other top bits', 'serial-number', () => nodeRules({ serialHex: `0${'1'.repeat(31)}` })],
    [
      'another algorithm than the issuer has',
      'signature-algorithm',
      () => nodeRules({ signedBy: testKey('Ed25519') }),
    ],
    [
      'a validity that ends before it begins',
      'validity',
      () => nodeRules({ notBefore: unixMs(pki.now + 2000), notAfter: pki.now }),
    ],
    [
      'a validity longer than the profile',
      'validity',
      () => nodeRules({ notAfter: unixMs(pki.now + 7 * day + 1000) }),
    ],
    [
      'a validity beyond the issuer',
      'validity',
      () => nodeRules({ notBefore: unixMs(pki.now + 727 * day), notAfter: unixMs(pki.now + 731 * day) }),
    ],
    [
      'a validity before the issuer',
      'validity',
      () => nodeRules({ notBefore: unixMs(pki.now - day), notAfter: unixMs(pki.now + day) }),
    ],
    ['a subject without serialNumber', 'subject-name', () => nodeRules({ subject: { commonName: 'alpha' } })],
    [
      'a subject with an attribute too many',
      'subject-name',
      () => nodeRules({ subject: { commonName: 'alpha', serialNumber: 'ab', organizationName: 'x' } }),
    ],
    [
      'an empty commonName',
      'subject-name',
      () => nodeRules({ subject: { commonName: '', serialNumber: 'ab' } }),
    ],
    [
      'a commonName of 65 characters',
      'subject-name',
      () => nodeRules({ subject: { commonName: 'a'.repeat(65), serialNumber: 'ab' } }),
    ],
    [
      'a commonName in a PrintableString',
      'subject-name',
      () => rulesOf('node', subject(derSetOf(attribute('2.5.4.3', derTag.printableString, 'alpha')), serial)),
    ],
    [
      'two attributes in one RDN',
      'subject-name',
      () =>
        rulesOf(
          'node',
          subject(
            derSetOf(
              attribute('2.5.4.3', derTag.utf8String, 'alpha'),
              attribute('2.5.4.5', derTag.printableString, 'ab'),
            ),
          ),
        ),
    ],
    [
      'two common names',
      'subject-name',
      () =>
        rulesOf(
          'node',
          subject(
            derSetOf(attribute('2.5.4.3', derTag.utf8String, 'alpha')),
            derSetOf(attribute('2.5.4.3', derTag.utf8String, 'beta')),
          ),
        ),
    ],
    [
      'an issuer that is not the issuer',
      'issuer-name',
      () => rulesOf('node', pki.node('alpha').der, rootIssuer),
    ],
    [
      'an empty issuer',
      'issuer-name',
      () =>
        rulesOf(
          'node',
          editDer(leaf, tbsOf([3]), () => derSequence()),
        ),
    ],
    [
      'an issuer equal to the subject',
      'issuer-name',
      () =>
        rulesOf(
          'node',
          editDer(leaf, tbsOf([5]), () => pki.issuing.certificate.subject),
        ),
    ],
    [
      'a root under somebody else',
      'issuer-name',
      () =>
        rulesOf(
          'root',
          editDer(pki.root.der, tbsOf([3]), () => pki.issuing.certificate.subject),
        ),
    ],
    [
      'a key of a kind that the profile does not take',
      'subject-key',
      () => nodeRules({ key: testKey('ES384') }),
    ],
    [
      'no subject key identifier',
      'subject-key-id',
      () =>
        rulesOf(
          'node',
          editDer(leaf, tbsOf([7, 0, 0]), () => null),
        ),
    ],
    [
      'a critical subject key identifier',
      'subject-key-id',
      () =>
        rulesOf(
          'node',
          editDer(leaf, tbsOf([7, 0, 0]), () =>
            encodeExtension('2.5.29.14', true, derElement(4, new Uint8Array(20))),
          ),
        ),
    ],
    [
      'a short subject key identifier',
      'subject-key-id',
      () =>
        rulesOf(
          'node',
          editDer(leaf, tbsOf([7, 0, 0]), () =>
            encodeExtension('2.5.29.14', false, derElement(4, new Uint8Array(19))),
          ),
        ),
    ],
    [
      'no authority key identifier',
      'authority-key-id',
      () =>
        rulesOf(
          'node',
          editDer(leaf, tbsOf([7, 0, 1]), () => null),
        ),
    ],
    [
      'a critical authority key identifier',
      'authority-key-id',
      () =>
        rulesOf(
          'node',
          editDer(leaf, tbsOf([7, 0, 1]), () =>
            encodeExtension('2.5.29.35', true, derSequence(derElement(0x80, issuer.keyId))),
          ),
        ),
    ],
    [
      'an authority key identifier without one',
      'authority-key-id',
      () =>
        rulesOf(
          'node',
          editDer(leaf, tbsOf([7, 0, 1]), () => encodeExtension('2.5.29.35', false, derSequence())),
        ),
    ],
    [
      'the key identifier of another authority',
      'authority-key-id',
      () =>
        rulesOf(
          'node',
          editDer(leaf, tbsOf([7, 0, 1]), () =>
            encodeExtension('2.5.29.35', false, derSequence(derElement(0x80, new Uint8Array(20)))),
          ),
          issuer,
        ),
    ],
    [
      'basic constraints in an end entity',
      'basic-constraints',
      () => nodeRules({ basicConstraints: { ca: false, pathLen: undefined } }),
    ],
    [
      'a CA in place of an end entity',
      'basic-constraints',
      () => nodeRules({ basicConstraints: { ca: true, pathLen: 0 } }),
    ],
    [
      'an authority without basic constraints',
      'basic-constraints',
      () => issuing({ basicConstraints: null }),
    ],
    [
      'an authority that is none',
      'basic-constraints',
      () => issuing({ basicConstraints: { ca: false, pathLen: undefined } }),
    ],
    [
      'an authority with another path length',
      'basic-constraints',
      () => issuing({ basicConstraints: { ca: true, pathLen: 1 } }),
    ],
    [
      'an authority without a path length',
      'basic-constraints',
      () => issuing({ basicConstraints: { ca: true, pathLen: undefined } }),
    ],
    [
      'basic constraints that are not critical',
      'basic-constraints',
      () =>
        issuing({
          basicConstraints: null,
          extra: [encodeExtension('2.5.29.19', false, derSequence(Uint8Array.of(1, 1, 255), derUnsigned(0)))],
        }),
    ],
    ['no key usage', 'key-usage', () => nodeRules({ keyUsage: null })],
    ['another key usage', 'key-usage', () => nodeRules({ keyUsage: ['keyAgreement'] })],
    [
      'a key usage too many',
      'key-usage',
      () => nodeRules({ keyUsage: ['digitalSignature', 'keyAgreement'] }),
    ],
    [
      'a key usage that is not critical',
      'key-usage',
      () =>
        nodeRules({
          keyUsage: null,
          extra: [encodeExtension('2.5.29.15', false, Uint8Array.of(3, 2, 7, 0x80))],
        }),
    ],
    ['no extended key usage', 'extended-key-usage', () => nodeRules(pki.faults.noEku)],
    ['any extended key usage', 'extended-key-usage', () => nodeRules(pki.faults.anyEku)],
    ['a purpose too few', 'extended-key-usage', () => nodeRules({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })],
    [
      'extended key usage in an authority',
      'extended-key-usage',
      () => issuing({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] }),
    ],
    ['no alternative name', 'subject-alt-name', () => nodeRules(pki.faults.noSan)],
    [
      'a critical alternative name',
      'subject-alt-name',
      () => nodeRules({ subjectAltName: null, extra: [subjectAltNameExtension([id], true)] }),
    ],
    [
      'a mail address',
      'subject-alt-name',
      () => nodeRules({ subjectAltName: [id, { kind: 'email', value: 'a@b' }] }),
    ],
    [
      'the same name twice',
      'subject-alt-name',
      () => nodeRules({ subjectAltName: [id, dns('a.b'), dns('a.b')] }),
    ],
    [
      'an alternative name of an authority',
      'subject-alt-name',
      () => issuing({ subjectAltName: [dns('a.b')] }),
    ],
    ['no SPIFFE id', 'spiffe-id', () => nodeRules(pki.faults.noSpiffeId)],
    ['two SPIFFE ids', 'spiffe-id', () => nodeRules(pki.faults.twoSpiffeIds)],
    ['a SPIFFE id of another role', 'spiffe-id', () => nodeRules({ spiffePath: 'operator/alpha' })],
    ['a SPIFFE id of another node', 'spiffe-id', () => nodeRules({ spiffePath: 'node/beta' })],
    ['a SPIFFE id in upper case', 'spiffe-id', () => nodeRules({ trustDomain: 'MESH.internal' })],
    [
      'a SPIFFE id in a server certificate',
      'spiffe-id',
      () => rulesOf('server', pki.server('ca.example.test', { spiffePath: 'server/a' }).der),
    ],
    ['an upper-case host name', 'host-names', () => nodeRules({ hosts: ['A.example.test'] })],
    ['a wildcard', 'host-names', () => nodeRules({ hosts: ['*.example.test'] })],
    ['a host name with an empty label', 'host-names', () => nodeRules({ subjectAltName: [id, dns('a..b')] })],
    ['an address as a DNS name', 'host-names', () => nodeRules({ subjectAltName: [id, dns('10.0.0.1')] })],
    ['the unspecified address', 'host-names', () => nodeRules({ hosts: ['0.0.0.0'] })],
    [
      'hosts of an operator',
      'host-names',
      () =>
        lintCertificate(shippedProfile('operator'), pki.operator('bob', { hosts: ['a.b'] }).der).map(
          ({ rule }) => rule,
        ),
    ],
    [
      'a server without a host',
      'host-names',
      () => rulesOf('server', pki.server('ca', { subjectAltName: [{ kind: 'email', value: 'a@b' }] }).der),
    ],
    [
      'name constraints in an end entity',
      'name-constraints',
      () => nodeRules({ nameConstraints: { permitted: [{ kind: 'dns', value: 'a' }], excluded: [] } }),
    ],
    ['an issuing CA without name constraints', 'name-constraints', () => issuing({ nameConstraints: null })],
    [
      'an issuing CA that may certify any URI',
      'name-constraints',
      () => issuing({ nameConstraints: { permitted: [{ kind: 'dns', value: 'a' }], excluded: [] } }),
    ],
    [
      'name constraints that are not critical',
      'name-constraints',
      () =>
        issuing({
          nameConstraints: null,
          extra: [
            encodeExtension(
              '2.5.29.30',
              false,
              derSequence(derElement(0xa0, derSequence(derElement(0x82, utf8('a'))))),
            ),
          ],
        }),
    ],
    ['a CRL over https', 'crl-distribution-points', () => nodeRules({ crlUrls: ['https://ca/a.crl'] })],
    [
      'a critical distribution point',
      'crl-distribution-points',
      () => nodeRules({ extra: [encodeExtension('2.5.29.31', true, derSequence(derSequence()))] }),
    ],
    [
      'a distribution point without a name',
      'crl-distribution-points',
      () => nodeRules({ extra: [encodeExtension('2.5.29.31', false, derSequence(derSequence()))] }),
    ],
    [
      'two distribution points',
      'crl-distribution-points',
      () =>
        nodeRules({
          extra: [encodeExtension('2.5.29.46', false, derSequence(derSequence(), derSequence()))],
        }),
    ],
    ['an unknown extension', 'known-extensions', () => nodeRules({ extra: [unknownExtension(false)] })],
    [
      'a certificate policy',
      'known-extensions',
      () => nodeRules({ extra: [encodeExtension('2.5.29.32', false, derNull())] }),
    ],
    [
      'names of the issuer',
      'known-extensions',
      () =>
        nodeRules({ extra: [encodeExtension('2.5.29.18', false, derSequence(derElement(0x82, utf8('a'))))] }),
    ],
  ])('reports %s by the rule %s', (_, rule, rules) => {
    expect(rules()).toContain(rule);
  });

  it('has one file with a source for each rule', () => {
    const folder = new URL('../../../../src/x509/lints/', import.meta.url);
    const files = readdirSync(folder).filter((file) => file !== 'index.ts' && file !== 'lint.ts');
    expect(files).toHaveLength(20);
    for (const file of files) {
      const text = readFileSync(new URL(file, folder), 'utf8');
      expect(text, file).toMatch(/Source: .*RFC|Source: SPIFFE/);
      expect(text, file).toContain(`rule: '${file.replace('.ts', '')}'`);
    }
  });
});
