import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePemOf, encodePem } from '../../src/codec/index.ts';
import { unixMs, type SignatureAlgorithm } from '../../src/std/index.ts';
import {
  encodeName,
  parseCertificate,
  parseCrl,
  parseCsr,
  signCsr,
  subjectAltNameExtension,
  verifyCsr,
  verifySigned,
} from '../../src/x509/index.ts';
import { testCrypto, testKey } from '../support/crypto.ts';
import { makeTestPki, type TestPki } from '../support/pki.ts';
import { valueOf } from '../support/result.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifesign-openssl-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function openssl(...parameters: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('openssl', parameters, {
    cwd: folder,
    encoding: 'utf8',
  });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

const save = (file: string, label: string, ...ders: readonly Uint8Array[]): string => {
  writeFileSync(join(folder, file), ders.map((der) => encodePem(label, der)).join(''));
  return file;
};

const load = (file: string, label: string): Uint8Array => {
  const [der] = valueOf(decodePemOf(label, readFileSync(join(folder, file), 'utf8')));
  return der ?? new Uint8Array();
};

const CERTIFICATE = 'CERTIFICATE';
const CRL = 'X509 CRL';
const CSR = 'CERTIFICATE REQUEST';

/** `openssl verify` at the PKI's moment, with the CRLs given. */
function verify(
  pki: TestPki,
  leaf: Uint8Array,
  crls: readonly Uint8Array[],
  ...flags: readonly string[]
): string {
  save('root.pem', CERTIFICATE, pki.root.der);
  save('issuing.pem', CERTIFICATE, pki.issuing.der);
  save('leaf.pem', CERTIFICATE, leaf);
  save('crls.pem', CRL, ...crls);
  const files = ['-CAfile', 'root.pem', '-untrusted', 'issuing.pem', '-CRLfile', 'crls.pem'];
  const moment = ['-attime', String(Math.floor(pki.now / 1000))];
  return openssl('verify', '-x509_strict', ...moment, ...files, ...flags, 'leaf.pem').output;
}

describe('openssl reads what lifesign writes', () => {
  it.each(['ES256', 'ES384', 'Ed25519'] as const)(
    'and accepts a whole path with %s keys and CRLs',
    (algorithm) => {
      const pki = makeTestPki({ algorithm });
      const alpha = pki.node('alpha', { hosts: ['alpha.mesh.internal', '10.0.0.1', 'fd00::1'] });
      expect(
        verify(pki, alpha.der, [pki.crl({ number: 1 }), pki.rootCrl({ number: 1 })], '-crl_check_all'),
      ).toContain('leaf.pem: OK');
    },
  );

  it('and shows every extension by its name', () => {
    const pki = makeTestPki();
    save(
      'leaf.pem',
      CERTIFICATE,
      pki.node('alpha', { hosts: ['alpha.mesh.internal'], crlUrls: ['http://ca/a.crl'] }).der,
    );
    const { output } = openssl('x509', '-in', 'leaf.pem', '-noout', '-text');
    for (const text of [
      'Digital Signature',
      'TLS Web Server Authentication, TLS Web Client Authentication',
      'URI:spiffe://mesh.internal/node/alpha, DNS:alpha.mesh.internal',
      'URI:http://ca/a.crl',
      'X509v3 Key Usage: critical',
    ]) {
      expect(output).toContain(text);
    }
    save('issuing.pem', CERTIFICATE, pki.issuing.der);
    const issuing = openssl('x509', '-in', 'issuing.pem', '-noout', '-text').output;
    expect(issuing).toContain('CA:TRUE, pathlen:0');
    expect(issuing).toContain('X509v3 Name Constraints: critical');
    expect(issuing).not.toContain('<unsupported>');
  });

  it('and refuses a certificate that the full CRL revokes', () => {
    const pki = makeTestPki();
    const alpha = pki.node('alpha');
    const crl = pki.crl({ number: 1, revoked: [alpha] });
    expect(verify(pki, alpha.der, [crl], '-crl_check')).toContain('certificate revoked');
    expect(verify(pki, pki.node('beta').der, [crl], '-crl_check')).toContain('leaf.pem: OK');
  });

  it('and refuses a certificate that only the delta CRL revokes', () => {
    const pki = makeTestPki();
    const alpha = pki.node('alpha');
    const crls = [
      pki.crl({ number: 1, freshestCrl: ['http://ca/delta.crl'] }),
      pki.deltaCrl({ number: 2, base: 1, revoked: [alpha] }),
    ];
    expect(verify(pki, alpha.der, crls, '-crl_check', '-extended_crl', '-use_deltas')).toContain(
      'certificate revoked',
    );
    expect(verify(pki, pki.node('beta').der, crls, '-crl_check', '-extended_crl', '-use_deltas')).toContain(
      'leaf.pem: OK',
    );
    expect(verify(pki, alpha.der, crls.slice(0, 1), '-crl_check')).toContain('leaf.pem: OK');
  });

  it('and takes a certificate off hold by the delta CRL', () => {
    const pki = makeTestPki();
    const alpha = pki.node('alpha');
    const entry = { serialHex: alpha.serial, revokedAt: pki.now, invalidityDate: undefined };
    const full = pki.crl({
      number: 1,
      revoked: [{ ...entry, reason: 'certificateHold' }],
      freshestCrl: ['http://ca/delta.crl'],
    });
    const delta = pki.deltaCrl({ number: 2, base: 1, revoked: [{ ...entry, reason: 'removeFromCRL' }] });
    expect(verify(pki, alpha.der, [full], '-crl_check')).toContain('certificate revoked');
    expect(verify(pki, alpha.der, [full, delta], '-crl_check', '-extended_crl', '-use_deltas')).toContain(
      'leaf.pem: OK',
    );
  });

  it('and matches issuing distribution points with those of certificates, in full and delta CRLs', () => {
    const pki = makeTestPki();
    const urls = ['http://ca/issuing.crl'];
    const point = { distributionPoint: urls };
    const alpha = pki.node('alpha', { crlUrls: urls });
    const crls = [
      pki.crl({ number: 1, ...point, freshestCrl: ['http://ca/delta.crl'] }),
      pki.deltaCrl({ number: 2, base: 1, ...point, revoked: [alpha] }),
    ];
    const flags = ['-crl_check', '-extended_crl', '-use_deltas'];
    expect(verify(pki, alpha.der, crls, ...flags)).toContain('certificate revoked');
    expect(verify(pki, pki.node('beta', { crlUrls: urls }).der, crls, ...flags)).toContain('leaf.pem: OK');
    expect(verify(pki, pki.node('beta').der, crls, ...flags)).not.toContain('leaf.pem: OK');
  });

  it('and shows entries, numbers and the delta indicator of a CRL', () => {
    const pki = makeTestPki();
    const alpha = pki.node('alpha');
    const revoked = [
      {
        serialHex: alpha.serial,
        revokedAt: pki.now,
        reason: 'keyCompromise',
        invalidityDate: unixMs(pki.now - 60_000),
      },
    ] as const;
    save(
      'delta.pem',
      CRL,
      pki.deltaCrl({ number: 9, base: 7, revoked, distributionPoint: ['http://ca/x.crl'] }),
    );
    save('issuing.pem', CERTIFICATE, pki.issuing.der);
    const { output } = openssl('crl', '-in', 'delta.pem', '-noout', '-text', '-CAfile', 'issuing.pem');
    for (const text of [
      'verify OK',
      'Delta CRL Indicator: critical',
      'Key Compromise',
      'Invalidity Date',
      'URI:http://ca/x.crl',
      alpha.serial.toUpperCase(),
    ]) {
      expect(output).toContain(text);
    }
  });

  it.each(['ES256', 'ES384', 'Ed25519'] as const)(
    'and accepts the proof of possession of an %s request',
    (algorithm) => {
      const extensions = [subjectAltNameExtension([{ kind: 'dns', value: 'a.b' }])];
      save(
        'request.pem',
        CSR,
        signCsr(
          { subject: encodeName({ commonName: 'alpha' }), challengePassword: 'proof', extensions },
          testKey(algorithm),
        ),
      );
      const { status, output } = openssl('req', '-in', 'request.pem', '-noout', '-verify', '-text');
      expect(status).toBe(0);
      expect(output).toMatch(/verify OK/i);
      expect(output).toContain('challengePassword');
      expect(output).toContain('DNS:a.b');
    },
  );
});

const KEYS: readonly [SignatureAlgorithm, readonly string[]][] = [
  ['ES256', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']],
  ['ES384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384']],
  ['Ed25519', ['-newkey', 'ed25519']],
];

describe('lifesign reads what openssl writes', () => {
  it.each(KEYS)('a self-signed CA certificate with an %s key', (algorithm, flags) => {
    const made = openssl(
      'req',
      '-x509',
      '-nodes',
      ...flags,
      '-keyout',
      'key.pem',
      '-out',
      'ca.pem',
      '-subj',
      '/O=Example/CN=ca',
      '-days',
      '10000',
      '-addext',
      'keyUsage=critical,keyCertSign,cRLSign',
      '-addext',
      'nameConstraints=critical,permitted;DNS:example.test,excluded;IP:10.0.0.0/255.0.0.0',
    );
    expect(made.status, made.output).toBe(0);
    const certificate = valueOf(parseCertificate(load('ca.pem', CERTIFICATE)));
    expect(certificate.keyAlgorithm).toBe(algorithm);
    expect(certificate.notAfter).toBeGreaterThan(Date.parse('2050-01-01'));
    expect(certificate.extensions.nameConstraints?.value.excluded).toEqual([
      { kind: 'ip-range', address: Uint8Array.of(10, 0, 0, 0), mask: Uint8Array.of(255, 0, 0, 0) },
    ]);
    expect(verifySigned(testCrypto, certificate, certificate.spki)).toBe(true);
  });

  it.each(KEYS)('a certification request of an %s key', (algorithm, flags) => {
    const made = openssl(
      'req',
      '-new',
      '-nodes',
      ...flags,
      '-keyout',
      'key.pem',
      '-out',
      'new.pem',
      '-subj',
      '/CN=alpha',
      '-addext',
      'subjectAltName=DNS:a.b,IP:::1',
    );
    expect(made.status, made.output).toBe(0);
    const request = valueOf(parseCsr(load('new.pem', CSR)));
    expect(request).toMatchObject({ keyAlgorithm: algorithm, challengePassword: undefined });
    expect(request.extensionRequest?.subjectAltName?.value).toHaveLength(2);
    expect(verifyCsr(request, testCrypto).ok).toBe(true);
  });

  it('a CRL of openssl ca', () => {
    openssl(
      'req',
      '-x509',
      '-nodes',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=ca',
      '-days',
      '2',
    );
    const revoked =
      'R\t300101000000Z\t260101000000Z,keyCompromise\t1A2B3C\tunknown\t/CN=gone\nR\t300101000000Z\t260102000000Z\t0D\tunknown\t/CN=also\n';
    writeFileSync(join(folder, 'index.txt'), revoked);
    writeFileSync(join(folder, 'crlnumber'), '1001\n');
    writeFileSync(
      join(folder, 'ca.cnf'),
      '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid:always\n',
    );
    const made = openssl(
      'ca',
      '-config',
      'ca.cnf',
      '-gencrl',
      '-crldays',
      '3',
      '-keyfile',
      'ca.key',
      '-cert',
      'ca.pem',
      '-out',
      'made.crl',
    );
    expect(made.status, made.output).toBe(0);
    const crl = valueOf(parseCrl(load('made.crl', CRL)));
    expect(crl.extensions.crlNumber?.value).toBe(0x1001);
    expect(crl.entries.find('1a2b3c')).toEqual({
      serialHex: '1a2b3c',
      revokedAt: Date.parse('2026-01-01T00:00:00Z'),
      reason: 'keyCompromise',
      invalidityDate: undefined,
    });
    expect(crl.entries.find('0d')?.reason).toBe('unspecified');
    const ca = valueOf(parseCertificate(load('ca.pem', CERTIFICATE)));
    expect(verifySigned(testCrypto, crl, ca.spki)).toBe(true);
  });
});
