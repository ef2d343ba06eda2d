import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ChallengePasswordAttribute,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509Crl,
} from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  encodeName,
  keyPurposes,
  parseCertificate,
  parseCsr,
  signCsr,
  subjectAltNameExtension,
  verifyCsr,
  verifySigned,
} from '../../../src/x509/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { makeTestPki } from '../../support/pki.ts';
import { valueOf } from '../../support/result.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const pki = makeTestPki();

beforeAll(() => {
  cryptoProvider.set(globalThis.crypto);
});

describe('@peculiar/x509 reads what lifesign writes', () => {
  it('a node certificate, with its signature', async () => {
    const alpha = pki.node('alpha', { hosts: ['alpha.mesh.internal', '10.0.0.1'] });
    const seen = new X509Certificate(alpha.der);
    expect(seen.serialNumber).toBe(alpha.serial);
    expect(seen.notAfter.getTime()).toBe(alpha.certificate.notAfter);
    expect(seen.getExtension(SubjectAlternativeNameExtension)?.names.toJSON()).toEqual([
      { type: 'url', value: 'spiffe://mesh.internal/node/alpha' },
      { type: 'dns', value: 'alpha.mesh.internal' },
      { type: 'ip', value: '10.0.0.1' },
    ]);
    expect(seen.getExtension(KeyUsagesExtension)?.usages).toBe(KeyUsageFlags.digitalSignature);
    expect(seen.getExtension(ExtendedKeyUsageExtension)?.usages).toEqual([
      keyPurposes.serverAuth,
      keyPurposes.clientAuth,
    ]);
    expect(seen.getExtension(AuthorityKeyIdentifierExtension)?.keyId).toBe(
      Buffer.from(pki.issuing.certificate.extensions.subjectKeyId?.value ?? []).toString('hex'),
    );
    expect(await seen.verify({ publicKey: new X509Certificate(pki.issuing.der), signatureOnly: true })).toBe(
      true,
    );
  });

  it('the constraints of an issuing CA', () => {
    const seen = new X509Certificate(pki.issuing.der).getExtension(BasicConstraintsExtension);
    expect(seen).toMatchObject({ ca: true, pathLength: 0, critical: true });
  });

  it('a CRL, with its signature', async () => {
    const alpha = pki.node('alpha');
    const seen = new X509Crl(pki.crl({ number: 1, revoked: [alpha] }));
    expect(seen.entries.map(({ serialNumber }) => serialNumber)).toEqual([alpha.serial]);
    expect(await seen.verify({ publicKey: new X509Certificate(pki.issuing.der) })).toBe(true);
  });

  it('a certification request, with its proof of possession', async () => {
    const extensions = [subjectAltNameExtension([{ kind: 'dns', value: 'a.b' }])];
    const seen = new Pkcs10CertificateRequest(
      signCsr(
        { subject: encodeName({ commonName: 'alpha' }), challengePassword: 'proof', extensions },
        testKey(),
      ),
    );
    expect(seen.subject).toBe('CN=alpha');
    expect(seen.getAttribute('1.2.840.113549.1.9.7')).toMatchObject({ password: 'proof' });
    expect(seen.getExtension('2.5.29.17')?.value).toEqual(
      new SubjectAlternativeNameExtension([{ type: 'dns', value: 'a.b' }]).value,
    );
    expect(await seen.verify()).toBe(true);
  });
});

describe('lifesign reads what @peculiar/x509 writes', () => {
  it.each([P256, { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }, { name: 'Ed25519' }])(
    'a certification request of a key %o',
    async (algorithm) => {
      const keys = await globalThis.crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      if (!('privateKey' in keys)) throw new Error('no key pair');
      const made = await Pkcs10CertificateRequestGenerator.create({
        name: 'CN=alpha',
        keys,
        signingAlgorithm: algorithm,
        attributes: [new ChallengePasswordAttribute('proof')],
        extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'a.b' }])],
      });
      const request = valueOf(parseCsr(new Uint8Array(made.rawData)));
      expect(request.challengePassword).toBe('proof');
      expect(request.extensionRequest?.subjectAltName?.value).toEqual([{ kind: 'dns', value: 'a.b' }]);
      expect(verifyCsr(request, testCrypto).ok).toBe(true);
    },
  );

  it('a certificate, with its signature', async () => {
    const keys = await globalThis.crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
    const made = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=someone, O=Somewhere',
      serialNumber: '0102',
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2051-01-01T00:00:00Z'),
      keys,
      signingAlgorithm: P256,
      extensions: [new BasicConstraintsExtension(true, 1, true)],
    });
    const certificate = valueOf(parseCertificate(new Uint8Array(made.rawData)));
    expect(certificate.notAfter).toBe(Date.parse('2051-01-01T00:00:00Z'));
    expect(certificate.extensions.basicConstraints).toEqual({
      critical: true,
      value: { ca: true, pathLen: 1 },
    });
    expect(verifySigned(testCrypto, certificate, certificate.spki)).toBe(true);
  });
});
