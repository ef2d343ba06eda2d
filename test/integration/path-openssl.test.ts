import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodePem } from '../../src/codec/index.ts';
import { testKey } from '../support/crypto.ts';
import { withExtensions, type CertificateSpec } from '../support/forge/certificate.ts';
import { partialScope, unknownExtension, type CrlSpec } from '../support/forge/crl.ts';
import {
  authorityKeyId,
  basicConstraints,
  CLIENT_AUTH,
  directory,
  dns,
  EMAIL_PROTECTION,
  extendedKeyUsage,
  extension,
  ip,
  keyUsage,
  nameConstraints,
  SERVER_AUTH,
  subjectAltName,
  subjectKeyId,
  uri,
  type Subtrees,
} from '../support/forge/extensions.ts';
import {
  DAY_MS,
  flipped,
  issuingCrlSpec,
  issuingName,
  issuingSpec,
  keyIdOf,
  nodeSpec,
  NOW,
  rootCrlSpec,
  rootName,
  rootSpec,
  serial,
  serialHexOf,
} from '../support/forge/pki.ts';
import {
  forgeScenario,
  goodScenario,
  ourVerdict,
  type ForgedScenario,
  type Scenario,
} from '../support/forge/scenario.ts';
import { distinguishedName } from '../support/forge/signed.ts';
import { tempDir } from '../support/temp-dir.ts';

const SPIFFE = uri('spiffe://mesh.internal/node/alpha');
const otherKey = testKey();

const nodeWith = (extensions: CertificateSpec['extensions']) => ({
  node: withExtensions(nodeSpec, extensions),
});
const issuingWith = (extensions: CertificateSpec['extensions']) => ({
  above: [withExtensions(issuingSpec, extensions)],
});
const rootWith = (extensions: CertificateSpec['extensions']) => ({
  root: withExtensions(rootSpec, extensions),
});
const named = (...names: readonly Uint8Array[]) =>
  nodeWith({ subjectAltName: subjectAltName(SPIFFE, ...names) });
const constrained = (subtrees: Subtrees) => issuingWith({ nameConstraints: nameConstraints(subtrees) });
const issuingCrl = (crl: CrlSpec) => ({ crls: [crl, rootCrlSpec(1)] });
const crlWith = (extensions: CrlSpec['extensions']) => {
  const crl = issuingCrlSpec(1);
  return issuingCrl({ ...crl, extensions: { ...crl.extensions, ...extensions } });
};
const revoke = (spec: CertificateSpec, reason?: 'keyCompromise' | 'certificateHold') => ({
  serialHex: serialHexOf(spec),
  revokedAt: NOW - 1000,
  ...(reason === undefined ? {} : { reason }),
});

/** A chain of three below the root: node, sub-CA, issuing CA. */
function withSubCa(issuing: CertificateSpec, sub: CertificateSpec['extensions'] = {}): Partial<Scenario> {
  const key = testKey();
  const subject = distinguishedName(['CN', 'sub CA']);
  const subCa = withExtensions(
    { ...issuingSpec, serial: serial('sub'), issuer: issuingName, subject, signer: issuingSpec.key, key },
    {
      subjectKeyId: subjectKeyId(keyIdOf(key)),
      authorityKeyId: authorityKeyId(keyIdOf(issuingSpec.key)),
      ...sub,
    },
  );
  const keyId = authorityKeyId(keyIdOf(key));
  const subCrl = { ...issuingCrlSpec(1), issuer: subject, signer: key };
  return {
    node: withExtensions({ ...nodeSpec, issuer: subject, signer: key }, { authorityKeyId: keyId }),
    above: [subCa, issuing],
    crls: [...goodScenario.crls, { ...subCrl, extensions: { ...subCrl.extensions, keyId } }],
  };
}

function withKeysOf(algorithm: 'ES256' | 'ES384' | 'Ed25519'): Partial<Scenario> {
  const [rootKey, issuingKey, key] = [testKey(algorithm), testKey(algorithm), testKey(algorithm)];
  const ids = (own: typeof key, issuer: typeof key) => ({
    subjectKeyId: subjectKeyId(keyIdOf(own)),
    authorityKeyId: authorityKeyId(keyIdOf(issuer)),
  });
  const crl = (spec: CrlSpec, signer: typeof key): CrlSpec => ({
    ...spec,
    signer,
    extensions: { ...spec.extensions, keyId: authorityKeyId(keyIdOf(signer)) },
  });
  return {
    node: withExtensions({ ...nodeSpec, key, signer: issuingKey }, ids(key, issuingKey)),
    above: [withExtensions({ ...issuingSpec, key: issuingKey, signer: rootKey }, ids(issuingKey, rootKey))],
    root: withExtensions(
      { ...rootSpec, key: rootKey, signer: rootKey },
      { subjectKeyId: subjectKeyId(keyIdOf(rootKey)) },
    ),
    crls: [crl(issuingCrlSpec(1), issuingKey), crl(rootCrlSpec(1), rootKey)],
  };
}

const GOOD: Readonly<Record<string, Partial<Scenario>>> = {
  'P-256 keys': {},
  'P-384 keys': withKeysOf('ES384'),
  'Ed25519 keys': withKeysOf('Ed25519'),
  'names inside every permitted subtree': named(dns('a.b.mesh.internal'), ip(10, 1, 2, 3)),
  'an unknown extension that is not critical': nodeWith({ x: unknownExtension(false) }),
  'other certificates revoked': issuingCrl(issuingCrlSpec(1, [revoke(issuingSpec), revoke(rootSpec)])),
  'an unknown CRL extension that is not critical': crlWith({ x: unknownExtension(false) }),
  'a sub-CA that is allowed': withSubCa(
    withExtensions(issuingSpec, { basicConstraints: basicConstraints(true, 1) }),
  ),
  'the last moment of validity but one second': { node: { ...nodeSpec, notAfter: NOW + 2000 } },
};

/** One fault each, by the code we refuse it with. */
const BAD: Readonly<Record<string, Readonly<Record<string, Partial<Scenario>>>>> = {
  LS_TRUST_EXPIRED: {
    'node expired': { node: { ...nodeSpec, notAfter: NOW - 1000 } },
    'issuing CA expired': { above: [{ ...issuingSpec, notAfter: NOW - 1000 }] },
    'root expired': { root: { ...rootSpec, notAfter: NOW - 1000 } },
  },
  LS_TRUST_NOT_YET_VALID: {
    'node not yet valid': { node: { ...nodeSpec, notBefore: NOW + DAY_MS } },
    'issuing CA not yet valid': { above: [{ ...issuingSpec, notBefore: NOW + DAY_MS }] },
    'root not yet valid': { root: { ...rootSpec, notBefore: NOW + DAY_MS } },
  },
  LS_TRUST_SIGNATURE: {
    'node signed by a stranger': { node: { ...nodeSpec, signer: otherKey } },
    'node signed by the root': { node: { ...nodeSpec, signer: rootSpec.key } },
    'issuing CA signed by a stranger': { above: [{ ...issuingSpec, signer: otherKey }] },
    'last byte of the signature changed': { alter: (der) => flipped(der, der.length - 1) },
    'a byte of the serial changed': { alter: (der) => flipped(der, 22) },
    'root of the same name with another key': { root: { ...rootSpec, key: otherKey, signer: otherKey } },
    'issuing CA of the same name with another key': { above: [{ ...issuingSpec, key: otherKey }] },
  },
  LS_TRUST_ALGORITHM: {
    'algorithm claimed that was not used': { node: { ...nodeSpec, claimedAlgorithm: 'ES384' } },
  },
  LS_TRUST_UNKNOWN_ISSUER: {
    'issuing CA missing': { above: [] },
    'issuer of another name': { node: { ...nodeSpec, issuer: distinguishedName(['CN', 'other']) } },
    'root of another name': { root: { ...rootSpec, issuer: issuingName, subject: issuingName } },
  },
  LS_TRUST_KEY_ID: {
    'authority key identifier of another key': nodeWith({
      authorityKeyId: authorityKeyId(keyIdOf(otherKey)),
    }),
    'authority key identifier missing': nodeWith({ authorityKeyId: undefined }),
    'subject key identifier of the issuing CA missing': issuingWith({ subjectKeyId: undefined }),
  },
  LS_TRUST_CRITICAL_EXTENSION: {
    'authority key identifier critical': nodeWith({
      authorityKeyId: authorityKeyId(keyIdOf(issuingSpec.key), true),
    }),
    'unknown critical extension in the node': nodeWith({ x: unknownExtension(true) }),
    'unknown critical extension in the issuing CA': issuingWith({ x: unknownExtension(true) }),
  },
  LS_TRUST_NOT_A_CA: {
    'CA bit missing': issuingWith({ basicConstraints: basicConstraints(false), nameConstraints: undefined }),
    'basicConstraints missing': issuingWith({ basicConstraints: undefined, nameConstraints: undefined }),
  },
  LS_TRUST_KEY_USAGE: {
    'keyCertSign missing': issuingWith({ keyUsage: keyUsage('cRLSign') }),
    'keyCertSign of the root missing': rootWith({ keyUsage: keyUsage('cRLSign') }),
  },
  LS_TRUST_NO_REVOCATION: {
    'cRLSign missing': issuingWith({ keyUsage: keyUsage('keyCertSign') }),
    'no CRL of the issuing CA': { crls: [rootCrlSpec(1)] },
    'no CRL of the root': { crls: [issuingCrlSpec(1)] },
    'CRL from the future': issuingCrl(issuingCrlSpec(1, [], NOW + 2 * DAY_MS)),
    'CRL signed by a stranger': issuingCrl({ ...issuingCrlSpec(1), signer: otherKey }),
    'CRL of another issuer': issuingCrl({ ...issuingCrlSpec(1), issuer: rootName }),
    'CRL with an unknown critical extension': crlWith({ x: unknownExtension(true) }),
    'CRL about CAs only': crlWith({ scope: partialScope(2) }),
  },
  LS_TRUST_PATH_LENGTH: {
    'sub-CA below pathLen 0': withSubCa(issuingSpec),
    'issuing CA below a root with pathLen 0': rootWith({ basicConstraints: basicConstraints(true, 0) }),
  },
  LS_TRUST_CONSTRAINT: {
    'sub-CA that widens the name constraints': {
      ...withSubCa(
        withExtensions(issuingSpec, {
          basicConstraints: basicConstraints(true, 1),
          nameConstraints: nameConstraints({ permitted: [uri('other.internal')] }),
        }),
      ),
    },
    'URI not permitted': constrained({ permitted: [uri('other.internal')] }),
    'URI permitted only below': constrained({ permitted: [uri('.mesh.internal')] }),
    'URI excluded': constrained({ excluded: [uri('mesh.internal')] }),
    'DNS name not permitted': named(dns('evil.example')),
    'DNS name that only ends alike': named(dns('evilmesh.internal')),
    'DNS name excluded': constrained({ excluded: [dns('internal')] }),
    'address not permitted': constrained({ permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] }),
    'address excluded': constrained({ excluded: [ip(127, 0, 0, 0, 255, 0, 0, 0)] }),
    'IPv6 address where only IPv4 is permitted': {
      ...named(ip(...Array<number>(16).fill(1))),
      ...constrained({ permitted: [ip(0, 0, 0, 0, 0, 0, 0, 0)] }),
    },
  },
  LS_TRUST_WRONG_ROLE: {
    'purpose of clients missing': nodeWith({ extendedKeyUsage: extendedKeyUsage(SERVER_AUTH) }),
    'purpose of servers missing': nodeWith({ extendedKeyUsage: extendedKeyUsage(CLIENT_AUTH) }),
  },
  LS_TRUST_REVOKED: {
    'node revoked': issuingCrl(issuingCrlSpec(1, [revoke(nodeSpec)])),
    'node revoked for a reason': issuingCrl(issuingCrlSpec(1, [revoke(nodeSpec, 'keyCompromise')])),
    'issuing CA revoked': { crls: [issuingCrlSpec(1), rootCrlSpec(1, [revoke(issuingSpec)])] },
  },
  LS_TRUST_HELD: {
    'node on hold': issuingCrl(issuingCrlSpec(1, [revoke(nodeSpec, 'certificateHold')])),
  },
  LS_TRUST_STALE_REVOCATION: {
    'CRL outdated': issuingCrl(issuingCrlSpec(1, [], NOW - 5 * DAY_MS)),
  },
};

/** We are narrower than RFC 5280 here, and why is written at the rule. */
const NARROWER: Readonly<Record<string, readonly [Partial<Scenario>, string]>> = {
  'a purpose more than a node has': [
    nodeWith({ extendedKeyUsage: extendedKeyUsage(SERVER_AUTH, CLIENT_AUTH, EMAIL_PROTECTION) }),
    'LS_TRUST_WRONG_ROLE',
  ],
  'version 1': [{ node: { ...nodeSpec, version: 1, extensions: {} } }, 'LS_TRUST_VERSION'],
  'two URIs': [named(uri('spiffe://mesh.internal/node/beta')), 'LS_TRUST_NAME'],
  'a certificate that issued nothing at the end of the chain': [
    { above: [issuingSpec, { ...issuingSpec, serial: serial('extra') }] },
    'LS_TRUST_UNKNOWN_ISSUER',
  ],
  'a life longer than revocation entries are kept': [
    { node: { ...nodeSpec, notAfter: nodeSpec.notBefore + 500 * DAY_MS } },
    'LS_TRUST_LIFETIME',
  ],
  'constraints on directory names': [
    constrained({ permitted: [uri('mesh.internal'), directory(distinguishedName())], excluded: [] }),
    'LS_TRUST_CONSTRAINT',
  ],
  'a critical policy': [
    nodeWith({
      policy: extension('2.5.29.32', true, Uint8Array.of(0x30, 0x05, 0x30, 0x03, 0x06, 0x01, 0x2a)),
    }),
    'LS_TRUST_CRITICAL_EXTENSION',
  ],
};

describe('our verdict and that of openssl verify', () => {
  it.each(Object.entries(GOOD))('agree that it is good: %s', async (_name, changes) => {
    const scenario = forgeScenario(changes);
    expect(await opensslAccepts(scenario)).toBe('accepted');
    expect(ourVerdict(scenario)).toBeUndefined();
  });

  const bad = Object.entries(BAD).flatMap(([code, faults]) =>
    Object.entries(faults).map(([name, changes]) => [name, code, changes] as const),
  );
  it.each(bad)('agree that it is not good: %s (%s)', async (_name, code, changes) => {
    const scenario = forgeScenario(changes);
    expect(await opensslAccepts(scenario)).toMatch(/^refused/);
    expect(ourVerdict(scenario)).toBe(code);
  });

  it.each(Object.entries(NARROWER))('differ on purpose: we refuse %s', async (_name, [changes, code]) => {
    const scenario = forgeScenario(changes);
    expect(await opensslAccepts(scenario)).toBe('accepted');
    expect(ourVerdict(scenario)).toBe(code);
  });
});

/** OpenSSL must accept the node both as a client and as a server, as TLS does on the two ends of a link. */
async function opensslAccepts(scenario: ForgedScenario): Promise<string> {
  const directoryPath = await tempDir();
  const file = async (name: string, label: string, ders: readonly Uint8Array[]): Promise<string> => {
    const path = join(directoryPath, name);
    await writeFile(path, ders.map((der) => encodePem(label, der)).join(''));
    return path;
  };
  const root = await file('root.pem', 'CERTIFICATE', [scenario.root]);
  const above = await file('above.pem', 'CERTIFICATE', scenario.above);
  const crls = await file('crls.pem', 'X509 CRL', scenario.crls);
  const node = await file('node.pem', 'CERTIFICATE', [scenario.node]);
  const options = [
    '-x509_strict',
    '-crl_check_all',
    '-no-CApath',
    '-no-CAstore',
    '-CAfile',
    root,
    '-CRLfile',
    crls,
  ];
  if (scenario.above.length > 0) options.push('-untrusted', above);
  options.push('-attime', String(Math.floor(scenario.now / 1000)));
  for (const purpose of ['sslclient', 'sslserver']) {
    const refusal = await run('openssl', ['verify', ...options, '-purpose', purpose, node]);
    if (refusal !== undefined) return `refused: ${refusal}`;
  }
  return 'accepted';
}

/** Undefined when the program ended with 0, else what it wrote to standard error. */
function run(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, _stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (typeof error.code === 'number') resolve(stderr);
      else reject(new Error(`${program} did not run`, { cause: error }));
    });
  });
}
