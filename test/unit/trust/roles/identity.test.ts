import { describe, expect, it } from 'vitest';
import { identify } from '../../../../src/trust/roles/identity.ts';
import { parseCertificate, type ValidatedPath } from '../../../../src/x509/index.ts';
import {
  forgeCertificate,
  withExtensions,
  type CertificateSpec,
} from '../../../support/forge/certificate.ts';
import {
  CLIENT_AUTH,
  dns,
  email,
  EMAIL_PROTECTION,
  extendedKeyUsage,
  ip,
  keyUsage,
  SERVER_AUTH,
  subjectAltName,
  uri,
} from '../../../support/forge/extensions.ts';
import {
  issuingSpec,
  NODE_ID,
  nodeSpec,
  operatorSpec,
  OPERATOR_PURPOSE,
  rootSpec,
  serverSpec,
  TRUST_DOMAIN,
} from '../../../support/forge/pki.ts';
import { distinguishedName } from '../../../support/forge/signed.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const certificate = (spec: CertificateSpec) => valueOf(parseCertificate(forgeCertificate(spec)));
/** What path validation gives for a good path, whatever the role makes of its target. */
const pathTo = (spec: CertificateSpec, issuing = issuingSpec, root = rootSpec): ValidatedPath => {
  const [target, issuer, anchor] = [certificate(spec), certificate(issuing), certificate(root)];
  return { target, certificates: [target, issuer, anchor], anchor } as unknown as ValidatedPath;
};
const nodeCode = (...specs: Parameters<typeof pathTo>) =>
  codeOf(identify(pathTo(...specs), TRUST_DOMAIN, 'node'));
const operatorCode = (...specs: Parameters<typeof pathTo>) =>
  codeOf(identify(pathTo(...specs), TRUST_DOMAIN, 'operator'));
const serverCode = (...specs: Parameters<typeof pathTo>) =>
  codeOf(identify(pathTo(...specs), TRUST_DOMAIN, 'server'));
const caFor = (spec: CertificateSpec, ...purposes: readonly string[]) =>
  withExtensions(spec, { purposes: extendedKeyUsage(...purposes) });
const named = (...names: readonly Uint8Array[]) =>
  withExtensions(nodeSpec, { subjectAltName: subjectAltName(...names) });
const withUri = (text: string) => named(uri(text));

describe('the purposes of a node', () => {
  it.each([
    ['one missing', [SERVER_AUTH]],
    ['the other missing', [CLIENT_AUTH]],
    ['one more', [SERVER_AUTH, CLIENT_AUTH, EMAIL_PROTECTION]],
    ['any purpose', ['2.5.29.37.0']],
    ['any purpose beside', [SERVER_AUTH, CLIENT_AUTH, '2.5.29.37.0']],
    ['that of an operator beside', [SERVER_AUTH, CLIENT_AUTH, OPERATOR_PURPOSE]],
    ['another pair', [SERVER_AUTH, EMAIL_PROTECTION]],
  ])('are exactly two: %s is refused', (_what, purposes) => {
    const spec = withExtensions(nodeSpec, { extendedKeyUsage: extendedKeyUsage(...purposes) });
    expect(nodeCode(spec)).toBe('LS_TRUST_WRONG_ROLE');
  });

  it('must be stated', () => {
    expect(nodeCode(withExtensions(nodeSpec, { extendedKeyUsage: undefined }))).toBe('LS_TRUST_WRONG_ROLE');
  });

  it('may come in either order', () => {
    const spec = withExtensions(nodeSpec, { extendedKeyUsage: extendedKeyUsage(CLIENT_AUTH, SERVER_AUTH) });
    expect(nodeCode(spec)).toBeUndefined();
  });
});

describe('the key of an end entity', () => {
  it.each([
    ['certificates too', keyUsage('digitalSignature', 'keyCertSign')],
    ['CRLs too', keyUsage('digitalSignature', 'cRLSign')],
    ['keys only', keyUsage('keyEncipherment')],
    ['whatever it likes', undefined],
  ])('signs messages and nothing else: one for %s is refused', (_what, usage) => {
    expect(nodeCode(withExtensions(nodeSpec, { keyUsage: usage }))).toBe('LS_TRUST_WRONG_ROLE');
  });
});

describe('the SPIFFE id of a node', () => {
  it.each([
    ['of another trust domain', 'spiffe://other.internal/node/alpha', 'LS_TRUST_WRONG_DOMAIN'],
    ['of a trust domain below ours', 'spiffe://a.mesh.internal/node/alpha', 'LS_TRUST_WRONG_DOMAIN'],
    ['of another role', 'spiffe://mesh.internal/operator/alpha', 'LS_TRUST_WRONG_ROLE'],
    ['with a longer path', 'spiffe://mesh.internal/node/alpha/beta', 'LS_TRUST_NAME'],
    ['with a shorter path', 'spiffe://mesh.internal/node', 'LS_TRUST_NAME'],
    ['without path', 'spiffe://mesh.internal', 'LS_TRUST_NAME'],
    ['with an empty name', 'spiffe://mesh.internal/node/', 'LS_TRUST_NAME'],
    ['with another name than the subject', 'spiffe://mesh.internal/node/beta', 'LS_TRUST_NAME'],
    ['with a name that is no label', 'spiffe://mesh.internal/node/Alpha', 'LS_TRUST_NAME'],
    ['with a query', 'spiffe://mesh.internal/node/alpha?x', 'LS_TRUST_NAME'],
    ['with user information', 'spiffe://x@mesh.internal/node/alpha', 'LS_TRUST_NAME'],
    ['with a port', 'spiffe://mesh.internal:1/node/alpha', 'LS_TRUST_NAME'],
    ['of another scheme', 'https://mesh.internal/node/alpha', 'LS_TRUST_NAME'],
  ])('%s is refused', (_what, text, code) => {
    expect(nodeCode(withUri(text))).toBe(code);
  });

  it('is the only URI', () => {
    const id = uri('spiffe://mesh.internal/node/alpha');
    expect(nodeCode(named(id, uri('spiffe://mesh.internal/node/beta')))).toBe('LS_TRUST_NAME');
    expect(nodeCode(named(id, id))).toBe('LS_TRUST_NAME');
    expect(nodeCode(named(dns('alpha.mesh.internal')))).toBe('LS_TRUST_NAME');
    expect(nodeCode(withExtensions(nodeSpec, { subjectAltName: undefined }))).toBe('LS_TRUST_NAME');
  });
});

describe('the subject of a node', () => {
  it.each([
    ['no common name', distinguishedName(['serialNumber', NODE_ID])],
    ['another common name', distinguishedName(['CN', 'beta'], ['serialNumber', NODE_ID])],
    ['a common name in capitals', distinguishedName(['CN', 'ALPHA'], ['serialNumber', NODE_ID])],
    ['two common names', distinguishedName(['CN', 'alpha'], ['CN', 'alpha'], ['serialNumber', NODE_ID])],
    ['no node id', distinguishedName(['CN', 'alpha'])],
    ['a short node id', distinguishedName(['CN', 'alpha'], ['serialNumber', NODE_ID.slice(1)])],
    ['a long node id', distinguishedName(['CN', 'alpha'], ['serialNumber', `${NODE_ID}0`])],
    ['a node id in capitals', distinguishedName(['CN', 'alpha'], ['serialNumber', NODE_ID.toUpperCase()])],
    [
      'two node ids',
      distinguishedName(['CN', 'alpha'], ['serialNumber', NODE_ID], ['serialNumber', NODE_ID]),
    ],
  ])('with %s is refused', (_what, subject) => {
    expect(nodeCode({ ...nodeSpec, subject })).toBe('LS_TRUST_NAME');
  });
});

describe('an operator', () => {
  it('is known by purpose, URI and common name', () => {
    expect(operatorCode(operatorSpec)).toBeUndefined();
    expect(operatorCode({ ...operatorSpec, subject: distinguishedName(['CN', 'otto']) })).toBe(
      'LS_TRUST_NAME',
    );
    const asNode = subjectAltName(uri('spiffe://mesh.internal/node/olga'));
    expect(operatorCode(withExtensions(operatorSpec, { subjectAltName: asNode }))).toBe(
      'LS_TRUST_WRONG_ROLE',
    );
    const elsewhere = subjectAltName(uri('spiffe://other.internal/operator/olga'));
    expect(operatorCode(withExtensions(operatorSpec, { subjectAltName: elsewhere }))).toBe(
      'LS_TRUST_WRONG_DOMAIN',
    );
  });

  it('is nobody who may merely connect as a client', () => {
    const client = extendedKeyUsage(CLIENT_AUTH);
    expect(operatorCode(withExtensions(operatorSpec, { extendedKeyUsage: client }))).toBe(
      'LS_TRUST_WRONG_ROLE',
    );
  });
});

describe('a server', () => {
  it('holds names of hosts and addresses only, and at least one', () => {
    const holds = (...names: readonly Uint8Array[]) =>
      serverCode(
        withExtensions(serverSpec, {
          subjectAltName: names.length === 0 ? undefined : subjectAltName(...names),
        }),
      );
    expect(holds(dns('ca.mesh.internal'))).toBeUndefined();
    expect(holds(ip(127, 0, 0, 1))).toBeUndefined();
    expect(holds()).toBe('LS_TRUST_NAME');
    expect(holds(dns('ca.mesh.internal'), uri('spiffe://mesh.internal/node/alpha'))).toBe('LS_TRUST_NAME');
    expect(holds(dns('ca.mesh.internal'), email('ca@mesh.internal'))).toBe('LS_TRUST_NAME');
  });
});

describe('an OCSP responder', () => {
  const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
  const ocspCode = (...specs: Parameters<typeof pathTo>) =>
    codeOf(identify(pathTo(...specs), TRUST_DOMAIN, 'ocsp'));
  const signing = (spec: CertificateSpec, ...purposes: readonly string[]) =>
    withExtensions(spec, { extendedKeyUsage: extendedKeyUsage(OCSP_SIGNING, ...purposes) });

  it('signs answers and serves in no other role', () => {
    expect(ocspCode(signing(serverSpec))).toBeUndefined();
    expect(serverCode(signing(serverSpec))).toBe('LS_TRUST_WRONG_ROLE');
    expect(nodeCode(signing(nodeSpec))).toBe('LS_TRUST_WRONG_ROLE');
    expect(ocspCode(serverSpec)).toBe('LS_TRUST_WRONG_ROLE');
    expect(ocspCode(signing(serverSpec, SERVER_AUTH))).toBe('LS_TRUST_WRONG_ROLE');
    expect(ocspCode(signing(serverSpec), caFor(issuingSpec, SERVER_AUTH))).toBe('LS_TRUST_WRONG_ROLE');
    expect(ocspCode(issuingSpec)).toBe('LS_TRUST_WRONG_ROLE');
  });
});

describe('the purposes of a CA', () => {
  it('bind whom it certifies, when it has any', () => {
    expect(nodeCode(nodeSpec, caFor(issuingSpec, SERVER_AUTH, CLIENT_AUTH))).toBeUndefined();
    expect(nodeCode(nodeSpec, caFor(issuingSpec, SERVER_AUTH))).toBe('LS_TRUST_WRONG_ROLE');
    expect(nodeCode(nodeSpec, caFor(issuingSpec, CLIENT_AUTH, EMAIL_PROTECTION))).toBe('LS_TRUST_WRONG_ROLE');
    expect(serverCode(serverSpec, caFor(issuingSpec, SERVER_AUTH))).toBeUndefined();
    expect(serverCode(serverSpec, caFor(issuingSpec, CLIENT_AUTH))).toBe('LS_TRUST_WRONG_ROLE');
    expect(operatorCode(operatorSpec, caFor(issuingSpec, CLIENT_AUTH))).toBe('LS_TRUST_WRONG_ROLE');
  });

  it('bind at every height', () => {
    expect(nodeCode(nodeSpec, issuingSpec, caFor(rootSpec, EMAIL_PROTECTION))).toBe('LS_TRUST_WRONG_ROLE');
  });
});
