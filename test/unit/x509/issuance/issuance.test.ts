import { describe, expect, it } from 'vitest';
import { unixMs, type SignatureAlgorithm } from '../../../../src/std/index.ts';
import {
  buildTbs,
  issue,
  issuerOf,
  keyPurposes,
  parseCertificate,
  prepare,
  subjectKeyOf,
  validityOf,
  verifySigned,
  type Grant,
  type IssuanceRequest,
} from '../../../../src/x509/index.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { freshNodeId, freshSerial, makeTestPki } from '../../../support/pki.ts';
import { shippedProfile, type ProfileName } from '../../../support/profiles.ts';
import { codeOf, refusalOf, valueOf } from '../../../support/result.ts';

const pki = makeTestPki();
const issuer = valueOf(issuerOf(pki.issuing.certificate));
const node: Grant = { trustDomain: 'mesh.internal', commonName: 'alpha', serialNumber: freshNodeId() };

const keyOf = (algorithm: SignatureAlgorithm = 'ES256') =>
  valueOf(subjectKeyOf(testKey(algorithm).spki, testCrypto));

function request(name: ProfileName, grant: Grant, changes: Partial<IssuanceRequest> = {}): IssuanceRequest {
  const profile = shippedProfile(name);
  const by = changes.issuer ?? issuer;
  const validity = valueOf(validityOf(profile, by, pki.now));
  return { profile, grant, subjectKey: keyOf(), issuer: by, validity, serial: freshSerial(), ...changes };
}

describe('prepare and issue', () => {
  it('issue a node certificate that says what was granted', () => {
    const asked = request('node', {
      ...node,
      dns: ['alpha.mesh.internal'],
      ip: ['10.0.0.7', 'fd00::7'],
      crlUrls: ['http://ca:8441/crl/issuing.crl'],
      deltaCrlUrls: ['http://ca:8441/crl/issuing-delta.crl'],
    });
    const token = valueOf(prepare(asked));
    const certificate = valueOf(parseCertificate(valueOf(issue(token, pki.issuing.key))));
    expect(verifySigned(testCrypto, certificate, pki.issuing.key.spki)).toBe(true);
    expect(certificate.tbs).toEqual(token.tbs);
    expect(certificate).toMatchObject({
      serial: asked.serial,
      notBefore: token.notBefore,
      notAfter: token.notAfter,
    });
    expect(certificate.spki).toEqual(asked.subjectKey.spki);
    expect(
      certificate.extensions.subjectAltName?.value.map((name) => ('value' in name ? name.value : name.kind)),
    ).toEqual(['spiffe://mesh.internal/node/alpha', 'alpha.mesh.internal', 'ip', 'ip']);
    expect(certificate.extensions.freshestCrl?.critical).toBe(false);
  });

  it('issue every shipped profile', () => {
    const rootKey = testKey('ES384');
    const subjectKey = valueOf(subjectKeyOf(rootKey.spki, testCrypto));
    const domain = { trustDomain: 'mesh.internal' };
    const rootToken = valueOf(
      prepare(
        request('root', { ...domain, commonName: 'mesh.internal root' }, { issuer: 'self', subjectKey }),
      ),
    );
    const root = valueOf(parseCertificate(valueOf(issue(rootToken, rootKey))));
    const nameConstraints = pki.issuing.certificate.extensions.nameConstraints?.value;
    const issuingToken = prepare(
      request(
        'issuing',
        { ...domain, commonName: 'mesh.internal issuing', nameConstraints },
        { issuer: valueOf(issuerOf(root)) },
      ),
    );
    expect(issue(valueOf(issuingToken), rootKey).ok).toBe(true);
    const operator = issue(
      valueOf(prepare(request('operator', { ...domain, commonName: 'bob' }))),
      pki.issuing.key,
    );
    expect(valueOf(parseCertificate(valueOf(operator))).extensions.extendedKeyUsage?.value).toContain(
      keyPurposes.lifesignOperator,
    );
    expect(
      issue(
        valueOf(prepare(request('server', { ...domain, commonName: '::1', ip: ['::1'] }))),
        pki.issuing.key,
      ).ok,
    ).toBe(true);
  });

  it('make the same bytes of the same request', () => {
    const asked = request('node', node);
    expect(valueOf(buildTbs(asked))).toEqual(valueOf(buildTbs(asked)));
    expect(valueOf(prepare(asked)).tbs).toEqual(valueOf(buildTbs(asked)));
  });

  it('let a token sign once', () => {
    const token = valueOf(prepare(request('node', node)));
    expect(issue(token, pki.issuing.key).ok).toBe(true);
    expect(codeOf(issue(token, pki.issuing.key))).toBe('LS_X509_ISSUANCE_TOKEN');
  });

  it('spend the token even when the signer is the wrong one', () => {
    const token = valueOf(prepare(request('node', node)));
    expect(codeOf(issue(token, pki.root.key))).toBe('LS_X509_ISSUANCE_TOKEN');
    expect(codeOf(issue(token, pki.issuing.key))).toBe('LS_X509_ISSUANCE_TOKEN');
  });

  it('refuse a token that nobody prepared', () => {
    const copied = { ...valueOf(prepare(request('node', node))) };
    expect(codeOf(issue(copied, pki.issuing.key))).toBe('LS_X509_ISSUANCE_TOKEN');
  });

  it('refuse when the recorded bytes were changed between the phases', () => {
    const token = valueOf(prepare(request('node', node)));
    token.tbs[40] = (token.tbs[40] ?? 0) ^ 1;
    expect(codeOf(issue(token, pki.issuing.key))).toBe('LS_X509_SIGNED_OTHER');
  });

  it('sign nothing that a lint complains of', () => {
    const validity = { notBefore: pki.now, notAfter: unixMs(pki.now + 8 * 86_400_000) };
    const refused = prepare(request('node', node, { validity }));
    expect(refusalOf(refused)).toMatch(/^LS_X509_LINT: .*rule validity/);
  });
});

describe('buildTbs', () => {
  const domain = { trustDomain: 'mesh.internal' };
  const constraints = pki.issuing.certificate.extensions.nameConstraints?.value;
  it.each<[string, ProfileName, Grant]>([
    ['a trust domain without a dot', 'node', { ...node, trustDomain: 'mesh' }],
    ['a trust domain in upper case', 'node', { ...node, trustDomain: 'Mesh.internal' }],
    ['a node without a nodeId', 'node', { ...domain, commonName: 'alpha' }],
    ['an operator with a serialNumber', 'operator', { ...domain, commonName: 'bob', serialNumber: 'ab' }],
    ['an organization that the profile does not have', 'node', { ...node, organizationName: 'x' }],
    ['an empty name', 'node', { ...node, commonName: '' }],
    ['a name of 65 characters', 'node', { ...node, commonName: 'a'.repeat(65) }],
    ['a name with a newline', 'node', { ...node, commonName: 'a\nb' }],
    ['a name with a slash in a SPIFFE id', 'node', { ...node, commonName: 'a/b' }],
    ['a name of dots in a SPIFFE id', 'node', { ...node, commonName: '..' }],
    ['a serialNumber beyond PrintableString', 'node', { ...node, serialNumber: 'ä' }],
    ['a host name in upper case', 'node', { ...node, dns: ['A.b'] }],
    ['a host name with a space', 'node', { ...node, dns: ['a b'] }],
    ['an address that is none', 'node', { ...node, ip: ['10.0.0.256'] }],
    ['hosts of an operator', 'operator', { ...domain, commonName: 'bob', dns: ['a.b'] }],
    ['a server without hosts', 'server', { ...domain, commonName: 'ca' }],
    ['name constraints of an end entity', 'node', { ...node, nameConstraints: constraints }],
    ['an issuing CA without name constraints', 'issuing', { ...domain, commonName: 'i' }],
    [
      'an issuing CA with host names',
      'issuing',
      { ...domain, commonName: 'i', nameConstraints: constraints, dns: ['a.b'] },
    ],
    ['a CRL over https', 'node', { ...node, crlUrls: ['https://ca/a.crl'] }],
    ['a CRL URL with a space', 'node', { ...node, deltaCrlUrls: ['http://ca/a b'] }],
  ])('refuses %s', (_, profile, grant) => {
    expect(codeOf(buildTbs(request(profile, grant)))).toBe('LS_X509_GRANT');
  });

  it('refuses a key that the profile does not take', () => {
    expect(codeOf(buildTbs(request('node', node, { subjectKey: keyOf('ES384') })))).toBe('LS_X509_GRANT');
  });

  it('refuses a root with an issuer and a node without one', () => {
    expect(codeOf(buildTbs(request('root', { ...domain, commonName: 'r' })))).toBe('LS_X509_GRANT');
    expect(codeOf(buildTbs(request('node', node, { issuer: 'self' })))).toBe('LS_X509_GRANT');
  });
});

describe('validityOf', () => {
  const profile = shippedProfile('node');
  const { notBefore, notAfter } = pki.issuing.certificate;

  it('back-dates, and counts the lifetime from now, in whole seconds', () => {
    expect(valueOf(validityOf(profile, issuer, unixMs(pki.now + 3_600_999)))).toEqual({
      notBefore: pki.now + 3_600_000 - 300_000,
      notAfter: pki.now + 3_600_000 + 7 * 86_400_000,
    });
  });

  it('stays within the validity of the issuer', () => {
    expect(valueOf(validityOf(profile, issuer, notBefore)).notBefore).toBe(notBefore);
    expect(valueOf(validityOf(profile, issuer, unixMs(notAfter - 1000))).notAfter).toBe(notAfter);
  });

  it('refuses an issuer that is not valid now', () => {
    expect(codeOf(validityOf(profile, issuer, unixMs(notBefore - 1)))).toBe('LS_X509_VALIDITY');
    expect(codeOf(validityOf(profile, issuer, notAfter))).toBe('LS_X509_VALIDITY');
  });
});

describe('issuerOf and subjectKeyOf', () => {
  it('refuse what cannot issue or be issued for', () => {
    expect(codeOf(issuerOf(pki.node('alpha').certificate))).toBe('LS_X509_GRANT');
    expect(codeOf(issuerOf(pki.issuingCa('x', { keyUsage: ['cRLSign'] }).certificate))).toBe('LS_X509_GRANT');
    expect(codeOf(issuerOf(pki.issuingCa('x', { basicConstraints: null }).certificate))).toBe(
      'LS_X509_GRANT',
    );
    const [first, ...rest] = testKey().spki;
    expect(codeOf(subjectKeyOf(Uint8Array.of(first ?? 0, ...rest, 0), testCrypto))).toBe('LS_DER_TRAILING');
    const compressed = testKey().spki;
    compressed[26] = 2;
    expect(codeOf(subjectKeyOf(compressed, testCrypto))).toBe('LS_X509_KEY_ALGORITHM');
  });

  it('give the key identifier of RFC 7093, method 1', () => {
    const { spki, keyId } = keyOf();
    expect(keyId).toEqual(testCrypto.sha256(spki.subarray(26)).subarray(0, 20));
  });
});
