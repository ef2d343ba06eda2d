import {
  unixMs,
  utf8,
  type CertId,
  type DomainId,
  type NodeId,
  type NodeName,
  type SerialNumber,
  type SignatureAlgorithm,
  type UnixMs,
  domainIdOf,
  nodeIdOf,
  parseNodeName,
  serialNumberOf,
} from '../../src/std/index.ts';
import {
  authorityKeyIdExtension,
  basicConstraintsExtension,
  certIdOfCertificate,
  crlDistributionPointsExtension,
  encodeExtension,
  encodeName,
  encodeTbsCertificate,
  extendedKeyUsageExtension,
  keyIdOf,
  keyPurposes,
  keyUsageExtension,
  nameConstraintsExtension,
  parseCertificate,
  parseIp,
  signCrl,
  signObject,
  subjectAltNameExtension,
  subjectKeyIdExtension,
  type BasicConstraints,
  type Certificate,
  type CrlEntry,
  type CrlFields,
  type GeneralName,
  type KeyUsage,
  type NameConstraints,
  type NameFields,
} from '../../src/x509/index.ts';
import { testCrypto, testKey, type TestKey } from './crypto.ts';
import { valueOf } from './result.ts';

/*
 * A whole test PKI in memory, in the form that lifesign issues (see makeTestPki). It writes certificates with the
 * low-level writer, without profiles and lints, so that a test can have any fault it wants:
 *
 *   const pki = makeTestPki();                           // root and issuing CA of mesh.internal, at pki.now
 *   const alpha = pki.node('alpha');                     // alpha.der, .certificate, .chain, .key, .nodeId, .certId …
 *   const old = pki.node('beta', pki.faults.expired);    // the same with one thing wrong
 *   const odd = pki.node('gamma', { extendedKeyUsage: [], extra: [unknownExtension(true)] });
 *   const crl = pki.crl({ number: 2, revoked: [alpha] });            // full, by the issuing CA
 *   const delta = pki.deltaCrl({ number: 3, base: 2, revoked: [old] });
 *   const rootCrl = pki.rootCrl({ number: 1 });
 *   const stranger = makeTestPki();                      // the same names, other keys: "wrong CA"
 *
 * Serials and nodeIds differ between all certificates of a test process.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const BACKDATE_MS = 5 * MINUTE_MS;
const DEFAULT_NOW = unixMs(Date.parse('2026-03-01T12:00:00Z'));

export interface TestPkiOptions {
  /** Default `mesh.internal`. */
  readonly trustDomain?: string;
  /** The moment at which everything without a fault is valid. Default 2026-03-01T12:00:00Z. */
  readonly now?: UnixMs;
  /** Of all keys. Default ES256. */
  readonly algorithm?: SignatureAlgorithm;
  /** Permitted dNSName subtrees besides the trust domain. Default: example.test and localhost. */
  readonly permitDns?: readonly string[];
  /** What is wrong with the root. */
  readonly root?: CertificateOverrides;
}

/** What to write instead of the right thing; `null` leaves the extension out. */
export interface CertificateOverrides {
  readonly key?: TestKey;
  readonly issuer?: TestAuthority;
  /** Signs instead of the issuer's key: a forged signature under the issuer's name. */
  readonly signedBy?: TestKey;
  readonly serialHex?: string;
  readonly nodeId?: NodeId;
  readonly notBefore?: UnixMs;
  readonly notAfter?: UnixMs;
  readonly subject?: NameFields;
  readonly basicConstraints?: BasicConstraints | null;
  readonly keyUsage?: readonly KeyUsage[] | null;
  readonly extendedKeyUsage?: readonly string[] | null;
  /** Trust domain of the SPIFFE id. */
  readonly trustDomain?: string;
  /** Path of the SPIFFE id: `node/alpha`. */
  readonly spiffePath?: string;
  /** DNS names and IP addresses (as text) besides the SPIFFE id. */
  readonly hosts?: readonly string[];
  /** The whole subjectAltName instead of SPIFFE id and hosts. */
  readonly subjectAltName?: readonly GeneralName[] | null;
  readonly nameConstraints?: NameConstraints | null;
  /** DER of further Extensions, see `unknownExtension`. */
  readonly extra?: readonly Uint8Array[];
  readonly crlUrls?: readonly string[];
}

export interface TestAuthority {
  readonly der: Uint8Array;
  readonly certificate: Certificate;
  readonly key: TestKey;
}

export interface TestIdentity extends TestAuthority {
  readonly name: NodeName;
  /** Random for every certificate unless overridden; in the subject of node certificates. */
  readonly nodeId: NodeId;
  readonly serial: SerialNumber;
  readonly certId: CertId;
  /** DER, leaf first, without the root. */
  readonly chain: readonly [Uint8Array, Uint8Array];
}

/** One revocation: a certificate, or its serial, with what else the entry says. */
export type TestRevocation = Pick<TestIdentity, 'certificate'> | CrlEntry;

export interface TestCrlOptions extends Partial<Omit<CrlFields, 'entries'>> {
  readonly number: number;
  /** Default reason `unspecified`, revoked at pki.now. */
  readonly revoked?: Iterable<TestRevocation>;
  /** Signs instead of the CA. */
  readonly signedBy?: TestKey;
}

export interface TestPki {
  readonly trustDomain: string;
  readonly domainId: DomainId;
  readonly now: UnixMs;
  readonly root: TestAuthority;
  readonly issuing: TestAuthority;
  node(name: string, overrides?: CertificateOverrides): TestIdentity;
  operator(name: string, overrides?: CertificateOverrides): TestIdentity;
  server(host: string, overrides?: CertificateOverrides): TestIdentity;
  /** Another CA under the root, with any fault. */
  issuingCa(name: string, overrides?: CertificateOverrides): TestAuthority;
  /** Full CRL of the issuing CA: thisUpdate now, nextUpdate in 72 h. */
  crl(options: TestCrlOptions): Uint8Array;
  deltaCrl(options: TestCrlOptions & { readonly base: number }): Uint8Array;
  /** Full CRL of the root: nextUpdate in 180 days. */
  rootCrl(options: TestCrlOptions): Uint8Array;
  readonly faults: Readonly<Record<TestFault, CertificateOverrides>>;
}

export type TestFault =
  | 'expired'
  | 'notYetValid'
  | 'wrongEku'
  | 'noEku'
  | 'anyEku'
  | 'noSan'
  | 'noSpiffeId'
  | 'twoSpiffeIds'
  | 'wrongSpiffePath'
  | 'wrongTrustDomain'
  | 'nameOutsideConstraints'
  | 'noDigitalSignature'
  | 'isCa'
  | 'unknownCriticalExtension';

export function makeTestPki(options: TestPkiOptions = {}): TestPki {
  const trustDomain = options.trustDomain ?? 'mesh.internal';
  const now = options.now ?? DEFAULT_NOW;
  const maker = new CertificateMaker(now, trustDomain, options.algorithm ?? 'ES256');
  const root = maker.root(options.root);
  const permitDns = [trustDomain, ...(options.permitDns ?? ['example.test', 'localhost'])];
  const issuing = maker.issuingCa(root, 'issuing', permitDns);
  const leaf = (profile: LeafProfile, name: string, overrides: CertificateOverrides = {}): TestIdentity =>
    maker.leaf(profile, name, issuing, overrides);
  return {
    trustDomain,
    now,
    root,
    issuing,
    domainId: defined(domainIdOf(testCrypto.sha256(root.key.spki))),
    faults: makeFaults(now, trustDomain),
    node: (name, overrides) => leaf('node', name, overrides),
    operator: (name, overrides) => leaf('operator', name, overrides),
    server: (host, overrides) => leaf('server', host, overrides),
    issuingCa: (name, overrides = {}) => maker.issuingCa(root, name, permitDns, overrides),
    crl: (crl) => makeCrl(issuing, now, 3 * DAY_MS, crl),
    deltaCrl: ({ base, ...crl }) => makeCrl(issuing, now, 3 * DAY_MS, { baseCrlNumber: base, ...crl }),
    rootCrl: (crl) => makeCrl(root, now, 180 * DAY_MS, crl),
  };
}

/** An extension that nobody knows. */
export function unknownExtension(critical: boolean): Uint8Array {
  return encodeExtension('1.3.6.1.4.1.60000.99.1', critical, Uint8Array.of(0x05, 0x00));
}

/** 16 bytes in a serial's form (top bits 01), different at every call. */
export function freshSerial(): SerialNumber {
  const bytes = freshBytes();
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return defined(serialNumberOf(bytes));
}

/** Different at every call. */
export function freshNodeId(): NodeId {
  return defined(nodeIdOf(freshBytes()));
}

type LeafProfile = 'node' | 'operator' | 'server';

const LEAF: Readonly<Record<LeafProfile, { lifetimeMs: number; purposes: readonly string[] }>> = {
  node: { lifetimeMs: 7 * DAY_MS, purposes: [keyPurposes.serverAuth, keyPurposes.clientAuth] },
  operator: { lifetimeMs: DAY_MS / 3, purposes: [keyPurposes.clientAuth, keyPurposes.lifesignOperator] },
  server: { lifetimeMs: 90 * DAY_MS, purposes: [keyPurposes.serverAuth] },
};

class CertificateMaker {
  readonly #now: UnixMs;
  readonly #trustDomain: string;
  readonly #algorithm: SignatureAlgorithm;

  constructor(now: UnixMs, trustDomain: string, algorithm: SignatureAlgorithm) {
    this.#now = now;
    this.#trustDomain = trustDomain;
    this.#algorithm = algorithm;
  }

  root(overrides: CertificateOverrides = {}): TestAuthority {
    const subject = { commonName: `${this.#trustDomain} root` };
    return this.#certificate(undefined, 3650 * DAY_MS, {
      subject,
      basicConstraints: { ca: true, pathLen: undefined },
      keyUsage: ['keyCertSign', 'cRLSign'],
      ...overrides,
    });
  }

  issuingCa(
    root: TestAuthority,
    name: string,
    permitDns: readonly string[],
    overrides: CertificateOverrides = {},
  ): TestAuthority {
    return this.#certificate(root, 730 * DAY_MS, {
      subject: { commonName: `${this.#trustDomain} ${name}` },
      basicConstraints: { ca: true, pathLen: 0 },
      keyUsage: ['keyCertSign', 'cRLSign'],
      nameConstraints: permitting(this.#trustDomain, permitDns),
      ...overrides,
    });
  }

  leaf(
    profile: LeafProfile,
    name: string,
    issuing: TestAuthority,
    overrides: CertificateOverrides,
  ): TestIdentity {
    const { lifetimeMs, purposes } = LEAF[profile];
    const nodeId = overrides.nodeId ?? freshNodeId();
    const issuer = overrides.issuer ?? issuing;
    const made = this.#certificate(issuer, lifetimeMs, {
      subject: profile === 'node' ? { commonName: name, serialNumber: nodeId } : { commonName: name },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: purposes,
      subjectAltName: this.#names(profile, name, overrides),
      ...overrides,
    });
    return {
      ...made,
      name: parseNodeName(name) ?? (name as NodeName),
      nodeId,
      serial: (made.certificate.serial ?? made.certificate.serialHex) as SerialNumber,
      certId: certIdOfCertificate(made.certificate, testCrypto),
      chain: [made.der, issuer.der],
    };
  }

  #names(profile: LeafProfile, name: string, overrides: CertificateOverrides): readonly GeneralName[] {
    const { trustDomain = this.#trustDomain, spiffePath = `${profile}/${name}` } = overrides;
    const spiffe: GeneralName = { kind: 'uri', value: `spiffe://${trustDomain}/${spiffePath}` };
    const hosts = (overrides.hosts ?? (profile === 'server' ? [name] : [])).map(hostName);
    return profile === 'server' && overrides.spiffePath === undefined ? hosts : [spiffe, ...hosts];
  }

  /** Self-signed when there is no issuer. */
  #certificate(
    issuer: TestAuthority | undefined,
    lifetimeMs: number,
    fields: CertificateOverrides,
  ): TestAuthority {
    const key = fields.key ?? testKey(this.#algorithm);
    const authority = fields.issuer ?? issuer;
    const signer = fields.signedBy ?? authority?.key ?? key;
    const subject = encodeName(fields.subject ?? {});
    const tbs = encodeTbsCertificate({
      serialHex: fields.serialHex ?? freshSerial(),
      algorithm: signer.algorithm,
      issuer: authority?.certificate.subject ?? subject,
      notBefore: fields.notBefore ?? unixMs(this.#now - BACKDATE_MS),
      notAfter: fields.notAfter ?? unixMs(this.#now + lifetimeMs),
      subject,
      spki: key.spki,
      extensions: extensionsOf(fields, key, authority),
    });
    const der = signObject(tbs, signer);
    return { der, certificate: valueOf(parseCertificate(der)), key };
  }
}

function extensionsOf(
  fields: CertificateOverrides,
  key: TestKey,
  authority: TestAuthority | undefined,
): readonly Uint8Array[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, subjectAltName, nameConstraints, crlUrls } = fields;
  const extensions = [subjectKeyIdExtension(valueOf(keyIdOf(key.spki, testCrypto)))];
  if (authority !== undefined) extensions.push(authorityKeyIdExtension(keyIdentifier(authority)));
  if (basicConstraints) extensions.push(basicConstraintsExtension(basicConstraints));
  if (keyUsage) extensions.push(keyUsageExtension(keyUsage));
  if (extendedKeyUsage) extensions.push(extendedKeyUsageExtension(extendedKeyUsage));
  if (subjectAltName) extensions.push(subjectAltNameExtension(subjectAltName));
  if (nameConstraints) extensions.push(nameConstraintsExtension(nameConstraints));
  if (crlUrls) extensions.push(crlDistributionPointsExtension(crlUrls));
  return [...extensions, ...(fields.extra ?? [])];
}

function permitting(trustDomain: string, dns: readonly string[]): NameConstraints {
  const anyIp = (bytes: number) =>
    ({ kind: 'ip-range', address: new Uint8Array(bytes), mask: new Uint8Array(bytes) }) as const;
  return {
    permitted: [
      { kind: 'uri', value: trustDomain },
      ...dns.map((value) => ({ kind: 'dns', value }) as const),
      anyIp(4),
      anyIp(16),
    ],
    excluded: [],
  };
}

function makeFaults(now: UnixMs, trustDomain: string): Readonly<Record<TestFault, CertificateOverrides>> {
  const spiffe = (path: string): GeneralName => ({ kind: 'uri', value: `spiffe://${trustDomain}/${path}` });
  return {
    expired: { notBefore: unixMs(now - 8 * DAY_MS), notAfter: unixMs(now - DAY_MS) },
    notYetValid: { notBefore: unixMs(now + DAY_MS), notAfter: unixMs(now + 8 * DAY_MS) },
    wrongEku: { extendedKeyUsage: [keyPurposes.ocspSigning] },
    noEku: { extendedKeyUsage: null },
    anyEku: { extendedKeyUsage: [keyPurposes.anyExtendedKeyUsage] },
    noSan: { subjectAltName: null },
    noSpiffeId: { subjectAltName: [{ kind: 'dns', value: `a.${trustDomain}` }] },
    twoSpiffeIds: { subjectAltName: [spiffe('node/alpha'), spiffe('node/beta')] },
    wrongSpiffePath: { spiffePath: 'gadget/alpha' },
    wrongTrustDomain: { trustDomain: 'other.internal' },
    nameOutsideConstraints: { hosts: ['host.elsewhere.test'] },
    noDigitalSignature: { keyUsage: ['keyAgreement'] },
    isCa: {
      basicConstraints: { ca: true, pathLen: undefined },
      keyUsage: ['digitalSignature', 'keyCertSign'],
    },
    unknownCriticalExtension: { extra: [unknownExtension(true)] },
  };
}

function makeCrl(
  authority: TestAuthority,
  now: UnixMs,
  lifetimeMs: number,
  { number, revoked = [], signedBy, ...fields }: TestCrlOptions,
): Uint8Array {
  return signCrl(
    {
      issuer: authority.certificate.subject,
      issuerKeyId: keyIdentifier(authority),
      thisUpdate: now,
      nextUpdate: unixMs(now + lifetimeMs),
      crlNumber: number,
      ...fields,
      entries: [...entriesOf(revoked, now)],
    },
    signedBy ?? authority.key,
  );
}

function* entriesOf(revoked: Iterable<TestRevocation>, now: UnixMs): Generator<CrlEntry> {
  for (const revocation of revoked) {
    if ('certificate' in revocation) {
      const { serialHex } = revocation.certificate;
      yield { serialHex, revokedAt: now, reason: 'unspecified', invalidityDate: undefined };
    } else yield revocation;
  }
}

function hostName(host: string): GeneralName {
  const address = parseIp(host);
  return address === undefined ? { kind: 'dns', value: host } : { kind: 'ip', address };
}

function keyIdentifier(authority: TestAuthority): Uint8Array {
  return defined(authority.certificate.extensions.subjectKeyId).value;
}

let drawn = 0;

function freshBytes(): Uint8Array {
  drawn++;
  return testCrypto.sha256(utf8(`test id ${drawn}`)).slice(0, 16);
}

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('undefined where the test PKI always has a value');
  return value;
}
