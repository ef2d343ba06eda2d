import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  certIdOfCertificate,
  commonNameOf,
  nodeIdOfCertificate,
  spiffeIdOf,
  subjectSerialNumberOf,
} from '../../../src/x509/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { makeTestPki } from '../../support/pki.ts';

const pki = makeTestPki();
const alpha = pki.node('alpha');

describe('who a certificate is for', () => {
  it('is read from the subject and the one SPIFFE id', () => {
    expect(commonNameOf(alpha.certificate)).toBe('alpha');
    expect(nodeIdOfCertificate(alpha.certificate)).toBe(alpha.nodeId);
    expect(spiffeIdOf(alpha.certificate)).toMatchObject({ trustDomain: 'mesh.internal', path: 'node/alpha' });
  });

  it('is undefined where it is not there once', () => {
    expect(spiffeIdOf(pki.node('a', pki.faults.noSan).certificate)).toBeUndefined();
    expect(spiffeIdOf(pki.node('a', pki.faults.noSpiffeId).certificate)).toBeUndefined();
    expect(spiffeIdOf(pki.node('a', pki.faults.twoSpiffeIds).certificate)).toBeUndefined();
    expect(subjectSerialNumberOf(pki.operator('bob').certificate)).toBeUndefined();
    expect(nodeIdOfCertificate(pki.operator('bob').certificate)).toBeUndefined();
    expect(commonNameOf(pki.node('a', { subject: {} }).certificate)).toBeUndefined();
  });

  it('has no nodeId when the serialNumber is something else', () => {
    const { certificate } = pki.node('a', { subject: { commonName: 'a', serialNumber: 'X1' } });
    expect(subjectSerialNumberOf(certificate)).toBe('X1');
    expect(nodeIdOfCertificate(certificate)).toBeUndefined();
  });
});

describe('certIdOfCertificate', () => {
  it('is the head of SHA-256 over issuer and serial, tag and length included', () => {
    const serial = Buffer.from(alpha.serial, 'hex');
    const digest = createHash('sha256')
      .update(pki.issuing.certificate.subject)
      .update(Buffer.concat([Buffer.of(2, serial.length), serial]))
      .digest('hex');
    expect(certIdOfCertificate(alpha.certificate, testCrypto)).toBe(digest.slice(0, 32));
  });

  it('differs by serial and by issuer', () => {
    const other = pki.node('alpha', { issuer: pki.root, serialHex: alpha.serial });
    expect(other.certId).not.toBe(alpha.certId);
    expect(pki.node('alpha').certId).not.toBe(alpha.certId);
  });
});
