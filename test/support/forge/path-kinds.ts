import { derElement, derNamedBits, derSequence, derTime } from '../../../src/codec/index.ts';
import { concatBytes, unixMs } from '../../../src/std/index.ts';
import { testKey } from '../crypto.ts';
import { editDer, elementAt } from '../der-surgery.ts';
import { forgeCertificate, withExtensions, type CertificateSpec } from './certificate.ts';
import { partialScope, unknownExtension, type CrlSpec, type RevokedSpec } from './crl.ts';
import {
  authorityKeyId,
  basicConstraints,
  CLIENT_AUTH,
  crlDistributionPoints,
  directory,
  dns,
  email,
  EMAIL_PROTECTION,
  extendedKeyUsage,
  extension,
  ip,
  issuingDistributionPoint,
  keyUsage,
  nameConstraints,
  SERVER_AUTH,
  subjectAltName,
  subjectKeyId,
  uri,
  type Subtrees,
} from './extensions.ts';
import {
  DAY_MS,
  deltaSpec,
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
} from './pki.ts';
import { goodScenario, type Scenario } from './scenario.ts';
import { distinguishedName } from './signed.ts';

/*
 * Paths with one thing done to a good one, by the verdict that RFC 5280 and OpenSSL have on them.
 */

type Kinds = Readonly<Record<string, Partial<Scenario>>>;

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
const revoke = (spec: CertificateSpec, reason?: RevokedSpec['reason']): RevokedSpec => ({
  serialHex: serialHexOf(spec),
  revokedAt: NOW - 1000,
  ...(reason === undefined ? {} : { reason }),
});

const edited = (path: readonly number[], edit: (element: Uint8Array) => Uint8Array | null) => ({
  alter: (der: Uint8Array) => editDer(der, path, edit),
});
/** keyUsage by bit number. */
const usage = (...bits: readonly number[]) => extension('2.5.29.15', true, derNamedBits(bits));
/** Not the type that any of our extensions has. */
const NULL = Uint8Array.of(5, 0);
const HERE = uri('http://ca.mesh.internal/issuing.crl');
const THERE = uri('http://ca.mesh.internal/other.crl');
/** freshestCRL, without which OpenSSL looks at no delta CRL. */
const freshest = extension(
  '2.5.29.46',
  false,
  derSequence(derSequence(derElement(0xa0, derElement(0xa0, THERE)))),
);
const withDelta = (revoked: readonly RevokedSpec[], held: readonly RevokedSpec[] = []): Partial<Scenario> => {
  const full = issuingCrlSpec(5, held);
  return {
    ...nodeWith({ freshest }),
    crls: [
      { ...full, extensions: { ...full.extensions, freshest } },
      deltaSpec(6, 5, revoked),
      rootCrlSpec(1),
    ],
  };
};

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

export const GOOD: Kinds = {
  'P-256 keys': {},
  'P-384 keys': withKeysOf('ES384'),
  'Ed25519 keys': withKeysOf('Ed25519'),
  'names inside every permitted subtree': named(dns('a.b.mesh.internal'), ip(10, 1, 2, 3)),
  'an unknown extension that is not critical': nodeWith({ x: unknownExtension(false) }),
  'other certificates revoked': issuingCrl(issuingCrlSpec(1, [revoke(issuingSpec), revoke(rootSpec)])),
  'an unknown CRL extension that is not critical': crlWith({ x: unknownExtension(false) }),
  'a CRL of the place the node points at': {
    ...nodeWith({ points: crlDistributionPoints(HERE) }),
    ...crlWith({ scope: issuingDistributionPoint(HERE) }),
  },
  'a delta CRL that revokes nobody': withDelta([]),
  'an issuing CA for the purposes of a node': issuingWith({
    purposes: extendedKeyUsage(SERVER_AUTH, CLIENT_AUTH),
  }),
  'a sub-CA that is allowed': withSubCa(
    withExtensions(issuingSpec, { basicConstraints: basicConstraints(true, 1) }),
  ),
  'the last moment of validity but one second': { node: { ...nodeSpec, notAfter: NOW + 2000 } },
};

/** One fault each, by the code we refuse it with. */
export const BAD: Readonly<Record<string, Kinds>> = {
  LS_TRUST_EXPIRED: {
    'node expired': { node: { ...nodeSpec, notAfter: NOW - 1000 } },
    'issuing CA expired': { above: [{ ...issuingSpec, notAfter: NOW - 1000 }] },
    'root expired': { root: { ...rootSpec, notAfter: NOW - 1000 } },
  },
  LS_TRUST_NOT_YET_VALID: {
    'node not yet valid': { node: { ...nodeSpec, notBefore: NOW + DAY_MS } },
    'issuing CA not yet valid': { above: [{ ...issuingSpec, notBefore: NOW + DAY_MS }] },
    'root not yet valid': { root: { ...rootSpec, notBefore: NOW + DAY_MS } },
    'node valid until before it is valid': {
      node: { ...nodeSpec, notBefore: NOW + DAY_MS, notAfter: NOW - DAY_MS },
    },
  },
  LS_TRUST_SIGNATURE: {
    'node signed by a stranger': { node: { ...nodeSpec, signer: otherKey } },
    'node signed by the root': { node: { ...nodeSpec, signer: rootSpec.key } },
    'issuing CA signed by a stranger': { above: [{ ...issuingSpec, signer: otherKey }] },
    'last byte of the signature changed': { alter: (der) => flipped(der, der.length - 1) },
    'a byte of the serial changed': { alter: (der) => flipped(der, 22) },
    'signature of another certificate': edited([2], () =>
      elementAt(forgeCertificate({ ...nodeSpec, serial: serial('another') }), [2]),
    ),
    'signature empty': edited([2], () => Uint8Array.of(3, 1, 0)),
    'signature with r and s of 1': edited([2], () => Uint8Array.of(3, 9, 0, 0x30, 6, 2, 1, 1, 2, 1, 1)),
    'subject changed': edited([0, 5], () => distinguishedName(['CN', 'beta'])),
    'end of validity changed': edited([0, 4, 1], () => derTime(unixMs(NOW + 300 * DAY_MS))),
    'key changed': edited([0, 6], () => otherKey.spki),
    'extension removed': edited([0, 7, 0, 0], () => null),
    'key of the issuing CA is no point of its curve': {
      above: [{ ...issuingSpec, key: { ...issuingSpec.key, spki: flipped(issuingSpec.key.spki, 90) } }],
    },
    'root of the same name with another key': { root: { ...rootSpec, key: otherKey, signer: otherKey } },
    'issuing CA of the same name with another key': { above: [{ ...issuingSpec, key: otherKey }] },
  },
  LS_TRUST_ALGORITHM: {
    'algorithm claimed that was not used': { node: { ...nodeSpec, claimedAlgorithm: 'ES384' } },
    'algorithm claimed by the issuing CA that was not used': {
      above: [{ ...issuingSpec, claimedAlgorithm: 'ES384' }],
    },
  },
  LS_X509_ALGORITHM_MISMATCH: {
    'algorithm outside is not the one inside': edited([1], () =>
      elementAt(forgeCertificate({ ...nodeSpec, claimedAlgorithm: 'ES384' }), [1]),
    ),
  },
  LS_X509_DUPLICATE_EXTENSION: {
    'subject key identifier twice': nodeWith({ again: subjectKeyId(keyIdOf(nodeSpec.key)) }),
  },
  LS_X509_EXTENSION: {
    'path length of who is no CA': nodeWith({ basicConstraints: basicConstraints(false, 0) }),
    'name constraint with a minimum': issuingWith({
      nameConstraints: extension(
        '2.5.29.30',
        true,
        derSequence(derElement(0xa0, derSequence(uri('mesh.internal'), derElement(0x80, Uint8Array.of(1))))),
      ),
    }),
  },
  LS_X509_GENERAL_NAME: {
    'address of five bytes': named(ip(1, 2, 3, 4, 5)),
    'address constraint of six bytes': constrained({
      permitted: [uri('mesh.internal'), ip(1, 2, 3, 4, 255, 255)],
    }),
  },
  LS_DER_TRUNCATED: {
    'last byte missing': { alter: (der) => der.subarray(0, -1) },
  },
  LS_DER_TRAILING: {
    'extensions in a certificate of version 2': { node: { ...nodeSpec, version: 2 } },
  },
  LS_DER_COUNT: {
    'subject alternative name without a name': nodeWith({ subjectAltName: subjectAltName() }),
  },
  LS_DER_TAG: {
    'basicConstraints of another type': issuingWith({ basicConstraints: extension('2.5.29.19', true, NULL) }),
    'keyUsage of another type': issuingWith({ keyUsage: extension('2.5.29.15', true, NULL) }),
    'extKeyUsage of another type': nodeWith({ extendedKeyUsage: extension('2.5.29.37', false, NULL) }),
    'subjectAltName of another type': nodeWith({ subjectAltName: extension('2.5.29.17', false, NULL) }),
    'nameConstraints of another type': issuingWith({ nameConstraints: extension('2.5.29.30', true, NULL) }),
    'authorityKeyIdentifier of another type': nodeWith({
      authorityKeyId: extension('2.5.29.35', false, NULL),
    }),
    'subjectKeyIdentifier of another type': issuingWith({
      subjectKeyId: extension('2.5.29.14', false, NULL),
    }),
  },
  LS_DER_INTEGER: {
    'path length below 0': issuingWith({
      basicConstraints: extension('2.5.29.19', true, derSequence(Uint8Array.of(1, 1, 255, 2, 1, 255))),
    }),
  },
  LS_TRUST_UNKNOWN_ISSUER: {
    'issuing CA missing': { above: [] },
    'issuer of another name': { node: { ...nodeSpec, issuer: distinguishedName(['CN', 'other']) } },
    'issuing CA without a name': {
      node: { ...nodeSpec, issuer: distinguishedName() },
      above: [{ ...issuingSpec, subject: distinguishedName() }],
      crls: [{ ...issuingCrlSpec(1), issuer: distinguishedName() }, rootCrlSpec(1)],
    },
    'root of another name': { root: { ...rootSpec, issuer: issuingName, subject: issuingName } },
  },
  LS_TRUST_KEY_ID: {
    'authority key identifier of another key': nodeWith({
      authorityKeyId: authorityKeyId(keyIdOf(otherKey)),
    }),
    'authority key identifier missing': nodeWith({ authorityKeyId: undefined }),
    'authority key identifier with another serial': nodeWith({
      authorityKeyId: authorityKeyId(keyIdOf(issuingSpec.key), false, {
        issuer: rootName,
        serial: serial('another'),
      }),
    }),
    'authority key identifier with another issuer': nodeWith({
      authorityKeyId: authorityKeyId(keyIdOf(issuingSpec.key), false, {
        issuer: issuingName,
        serial: issuingSpec.serial,
      }),
    }),
    'subject key identifier of the root missing': rootWith({ subjectKeyId: undefined }),
    'subject key identifier of the issuing CA missing': issuingWith({ subjectKeyId: undefined }),
  },
  LS_TRUST_CRITICAL_EXTENSION: {
    'authority key identifier critical': nodeWith({
      authorityKeyId: authorityKeyId(keyIdOf(issuingSpec.key), true),
    }),
    'subject key identifier critical': issuingWith({
      subjectKeyId: subjectKeyId(keyIdOf(issuingSpec.key), true),
    }),
    'unknown critical extension in the node': nodeWith({ x: unknownExtension(true) }),
    'unknown critical extension in the issuing CA': issuingWith({ x: unknownExtension(true) }),
  },
  LS_TRUST_NOT_A_CA: {
    'CA bit missing': issuingWith({ basicConstraints: basicConstraints(false), nameConstraints: undefined }),
    'basicConstraints missing': issuingWith({ basicConstraints: undefined, nameConstraints: undefined }),
    'basicConstraints of the root missing': rootWith({ basicConstraints: undefined }),
  },
  LS_TRUST_KEY_USAGE: {
    'keyCertSign missing': issuingWith({ keyUsage: keyUsage('cRLSign') }),
    'keyCertSign of the root missing': rootWith({ keyUsage: keyUsage('cRLSign') }),
    'cRLSign of the root missing': rootWith({ keyUsage: keyUsage('keyCertSign') }),
    'keyUsage of the issuing CA missing': issuingWith({ keyUsage: undefined }),
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
    'CRL about attribute certificates only': crlWith({ scope: partialScope(5) }),
    'CRL about some reasons only': crlWith({
      scope: extension('2.5.29.28', true, derSequence(Uint8Array.of(0x83, 2, 6, 0x40))),
    }),
    'CRL for other issuers too': crlWith({ scope: partialScope(4) }),
    'CRL of another place than the node points at': {
      ...nodeWith({ points: crlDistributionPoints(THERE) }),
      ...crlWith({ scope: issuingDistributionPoint(HERE) }),
    },
    'CRL of a place where the node points nowhere': crlWith({ scope: issuingDistributionPoint(HERE) }),
    'CRL that names another key': crlWith({ keyId: authorityKeyId(keyIdOf(otherKey)) }),
    'CRL signed by the root': issuingCrl({ ...issuingCrlSpec(1), signer: rootSpec.key }),
    'CRL that claims another algorithm': issuingCrl({ ...issuingCrlSpec(1), claimedAlgorithm: 'ES384' }),
    'CRL outdated before it was made': issuingCrl({ ...issuingCrlSpec(1), nextUpdate: NOW - 5000 }),
    'CRL with an unknown critical entry extension': issuingCrl(
      issuingCrlSpec(1, [{ ...revoke(rootSpec), extensions: [unknownExtension(true)] }]),
    ),
    'CRL of the root signed by a stranger': {
      crls: [issuingCrlSpec(1), { ...rootCrlSpec(1), signer: otherKey }],
    },
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
    'DNS name excluded by the root': rootWith({ x: nameConstraints({ excluded: [dns('internal')] }) }),
    'DNS name not permitted by constraints that are not critical': {
      ...named(dns('evil.example')),
      ...issuingWith({
        nameConstraints: extension(
          '2.5.29.30',
          false,
          derSequence(derElement(0xa0, derSequence(dns('mesh.internal')), derSequence(uri('mesh.internal')))),
        ),
      }),
    },
    'DNS name with a NUL': named(dns('a.mesh.internal\0.evil.example')),
    'DNS name with a period at its end': named(dns('a.mesh.internal.')),
    'DNS name that is empty': named(dns('')),
    'URI with an address for a host': named(uri('https://127.0.0.1/x')),
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
    'another purpose': nodeWith({ extendedKeyUsage: extendedKeyUsage(EMAIL_PROTECTION) }),
    'any purpose': nodeWith({ extendedKeyUsage: extendedKeyUsage('2.5.29.37.0') }),
    'issuing CA for another purpose': issuingWith({ purposes: extendedKeyUsage(EMAIL_PROTECTION) }),
    'root for another purpose': rootWith({ purposes: extendedKeyUsage(EMAIL_PROTECTION) }),
    'issuing CA for one of the two purposes': issuingWith({ purposes: extendedKeyUsage(SERVER_AUTH) }),
    'key that signs CRLs only': nodeWith({ keyUsage: usage(6) }),
    'key of a CA without being one': nodeWith({ keyUsage: usage(0, 5) }),
  },
  LS_TRUST_NAME: {
    'no subject, and a subject alternative name that is not critical': {
      node: { ...nodeSpec, subject: distinguishedName() },
    },
  },
  LS_TRUST_REVOKED: {
    'node revoked': issuingCrl(issuingCrlSpec(1, [revoke(nodeSpec)])),
    'node revoked for a reason': issuingCrl(issuingCrlSpec(1, [revoke(nodeSpec, 'keyCompromise')])),
    'node superseded': issuingCrl(issuingCrlSpec(1, [revoke(nodeSpec, 'superseded')])),
    'node revoked from a later day on': issuingCrl(
      issuingCrlSpec(1, [{ ...revoke(nodeSpec), revokedAt: NOW + DAY_MS }]),
    ),
    'node revoked by a delta CRL': withDelta([revoke(nodeSpec)]),
    'node on hold, and revoked by a delta CRL': withDelta(
      [revoke(nodeSpec, 'keyCompromise')],
      [revoke(nodeSpec, 'certificateHold')],
    ),
    'issuing CA revoked for a reason': {
      crls: [issuingCrlSpec(1), rootCrlSpec(1, [revoke(issuingSpec, 'keyCompromise')])],
    },
    'issuing CA revoked': { crls: [issuingCrlSpec(1), rootCrlSpec(1, [revoke(issuingSpec)])] },
  },
  LS_TRUST_HELD: {
    'node on hold': issuingCrl(issuingCrlSpec(1, [revoke(nodeSpec, 'certificateHold')])),
    'issuing CA on hold': {
      crls: [issuingCrlSpec(1), rootCrlSpec(1, [revoke(issuingSpec, 'certificateHold')])],
    },
  },
  LS_TRUST_STALE_REVOCATION: {
    'CRL outdated': issuingCrl(issuingCrlSpec(1, [], NOW - 5 * DAY_MS)),
    'CRL of the root outdated': {
      crls: [
        issuingCrlSpec(1),
        { ...rootCrlSpec(1), thisUpdate: NOW - 9 * DAY_MS, nextUpdate: NOW - 5 * DAY_MS },
      ],
    },
  },
};

const STRICT_DER = 'one value has one encoding here, and signatures are over encodings';
const NARROW_CRL = 'what cannot be ordered, or goes stale at no time, makes nobody good';
const EXACT_ROLE = 'a certificate serves in one role and says exactly that';

/** We are narrower than OpenSSL here, by the code we refuse with. */
export const NARROWER: Readonly<Record<string, readonly [Partial<Scenario>, string, string]>> = {
  'a purpose more than a node has': [
    nodeWith({ extendedKeyUsage: extendedKeyUsage(SERVER_AUTH, CLIENT_AUTH, EMAIL_PROTECTION) }),
    'LS_TRUST_WRONG_ROLE',
    EXACT_ROLE,
  ],
  'no purpose at all': [nodeWith({ extendedKeyUsage: undefined }), 'LS_TRUST_WRONG_ROLE', EXACT_ROLE],
  'no key usage': [nodeWith({ keyUsage: undefined }), 'LS_TRUST_WRONG_ROLE', EXACT_ROLE],
  'a key for key agreement': [nodeWith({ keyUsage: usage(4) }), 'LS_TRUST_WRONG_ROLE', EXACT_ROLE],
  'a node that is a CA': [
    nodeWith({ basicConstraints: basicConstraints(true), keyUsage: usage(0, 5) }),
    'LS_TRUST_WRONG_ROLE',
    EXACT_ROLE,
  ],
  'version 1': [
    { node: { ...nodeSpec, version: 1, extensions: {} } },
    'LS_TRUST_VERSION',
    'without extensions nobody has a role',
  ],
  'a version that does not exist': [
    { node: { ...nodeSpec, version: 4 } },
    'LS_X509_VERSION',
    'what a later version means is not known',
  ],
  'two URIs': [named(uri('spiffe://mesh.internal/node/beta')), 'LS_TRUST_NAME', 'an SVID has exactly one'],
  'no subject alternative name': [
    nodeWith({ subjectAltName: undefined }),
    'LS_TRUST_NAME',
    'the name of a node is its SPIFFE id',
  ],
  'a certificate that issued nothing at the end of the chain': [
    { above: [issuingSpec, { ...issuingSpec, serial: serial('extra') }] },
    'LS_TRUST_UNKNOWN_ISSUER',
    'the chain is judged as given, nothing is searched for',
  ],
  'a life longer than revocation entries are kept': [
    { node: { ...nodeSpec, notAfter: nodeSpec.notBefore + 500 * DAY_MS } },
    'LS_TRUST_LIFETIME',
    'its revocation would be forgotten before it expires',
  ],
  'constraints on directory names': [
    constrained({ permitted: [uri('mesh.internal'), directory(distinguishedName())], excluded: [] }),
    'LS_TRUST_CONSTRAINT',
    'forms that are not compared are refused',
  ],
  'constraints on e-mail names': [
    constrained({ permitted: [uri('mesh.internal'), email('mesh.internal')], excluded: [] }),
    'LS_TRUST_CONSTRAINT',
    'forms that are not compared are refused',
  ],
  'a wildcard under constraints': [
    named(dns('*.mesh.internal')),
    'LS_TRUST_CONSTRAINT',
    'what a wildcard stands for is not all inside',
  ],
  'a DNS name that is not ASCII': [named(dns('bücher.mesh.internal')), 'LS_DER_STRING', STRICT_DER],
  'a mask with holes': [
    constrained({
      permitted: [uri('mesh.internal'), dns('mesh.internal'), ip(127, 0, 0, 0, 255, 0, 255, 0)],
    }),
    'LS_X509_GENERAL_NAME',
    'RFC 4632 knows prefixes only',
  ],
  'name constraints without a name': [
    constrained({}),
    'LS_X509_EXTENSION',
    'RFC 5280 §4.2.1.10 has no empty ones',
  ],
  'name constraints of a node': [
    nodeWith({ nameConstraints: nameConstraints({ permitted: [dns('mesh.internal')] }) }),
    'LS_TRUST_CONSTRAINT',
    'only a CA has them',
  ],
  'a critical policy': [
    nodeWith({
      policy: extension('2.5.29.32', true, Uint8Array.of(0x30, 0x05, 0x30, 0x03, 0x06, 0x01, 0x2a)),
    }),
    'LS_TRUST_CRITICAL_EXTENSION',
    'policies are not processed',
  ],
  'a demand for policies': [
    issuingWith({ policy: extension('2.5.29.36', false, Uint8Array.of(0x30, 3, 0x80, 1, 0)) }),
    'LS_TRUST_CRITICAL_EXTENSION',
    'policies are not processed; OpenSSL does so when asked to',
  ],
  'the serial 0': [
    { node: { ...nodeSpec, serial: new Uint8Array(1) } },
    'LS_TRUST_SERIAL',
    'ours have 16 bytes',
  ],
  'a serial of 20 bytes': [
    { node: { ...nodeSpec, serial: new Uint8Array(20).fill(0x41) } },
    'LS_TRUST_SERIAL',
    'ours have 16 bytes',
  ],
  'a serial of 21 bytes': [
    { node: { ...nodeSpec, serial: new Uint8Array(21).fill(0x41) } },
    'LS_DER_INTEGER',
    'RFC 5280 §4.1.2.2 ends at 20',
  ],
  'a byte behind the certificate': [
    { alter: (der) => concatBytes(der, new Uint8Array(1)) },
    'LS_DER_TRAILING',
    STRICT_DER,
  ],
  'a length in more bytes than it needs': [
    { alter: (der) => concatBytes(Uint8Array.of(0x30, 0x83, 0), der.subarray(2)) },
    'LS_DER_LENGTH',
    STRICT_DER,
  ],
  'an unknown extension twice': [
    nodeWith({ x: unknownExtension(false), y: unknownExtension(false) }),
    'LS_X509_DUPLICATE_EXTENSION',
    'RFC 5280 §4.2 forbids it',
  ],
  'a CRL without nextUpdate': [
    issuingCrl({ ...issuingCrlSpec(1), nextUpdate: undefined }),
    'LS_TRUST_NO_REVOCATION',
    NARROW_CRL,
  ],
  'a CRL without number': [crlWith({ number: undefined }), 'LS_TRUST_NO_REVOCATION', NARROW_CRL],
  'a CRL without authority key identifier': [
    crlWith({ keyId: undefined }),
    'LS_TRUST_NO_REVOCATION',
    'a CA of one name and two keys has two CRLs',
  ],
  'a CRL about end entities only': [
    crlWith({ scope: partialScope(1) }),
    'LS_TRUST_NO_REVOCATION',
    'one CRL speaks for all that its key signed',
  ],
  'a full CRL that releases': [
    issuingCrl(issuingCrlSpec(1, [revoke(nodeSpec, 'removeFromCRL')])),
    'LS_TRUST_NO_REVOCATION',
    'RFC 5280 §5.3.1: in delta CRLs only',
  ],
  'a hold released by a delta CRL': [
    withDelta([revoke(nodeSpec, 'removeFromCRL')], [revoke(nodeSpec, 'certificateHold')]),
    'LS_TRUST_HELD',
    'a release needs a release record',
  ],
};

/** OpenSSL is narrower than we are here, and why that is right for us. */
export const WIDER: Readonly<Record<string, readonly [Partial<Scenario>, string]>> = {
  'basicConstraints of a CA that is not critical': [
    issuingWith({ basicConstraints: basicConstraints(true, 0, false) }),
    'RFC 5280 §4.2.1.9 binds the CA that writes it; PKITS 4.6.4 has the validator accept it',
  ],
  'a node key that is no point of its curve': [
    { node: { ...nodeSpec, key: { ...nodeSpec.key, spki: flipped(nodeSpec.key.spki, 90) } } },
    'such a key verifies no signature and completes no handshake, so nobody speaks with it',
  ],
};
