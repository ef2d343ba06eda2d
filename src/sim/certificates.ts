import {
  nodeIdOf,
  parseNodeName,
  serialNumberOf,
  unixMs,
  type CertId,
  type CryptoPort,
  type Fault,
  type NodeId,
  type NodeName,
  type Result,
  type SerialNumber,
  type Signer,
  type UnixMs,
} from '../std/index.ts';
import {
  authorityKeyIdExtension,
  basicConstraintsExtension,
  certIdOfCertificate,
  encodeName,
  encodeTbsCertificate,
  extendedKeyUsageExtension,
  keyIdOf,
  keyPurposes,
  keyUsageExtension,
  nameConstraintsExtension,
  parseCertificate,
  signObject,
  spiffeUri,
  subjectAltNameExtension,
  subjectKeyIdExtension,
  type Certificate,
  type KeyUsage,
} from '../x509/index.ts';
import type { SeededRandom } from './random.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const BACKDATE_MS = 5 * MINUTE_MS;
const ROOT_LIFETIME_MS = 3_650 * DAY_MS;
const ISSUING_LIFETIME_MS = 730 * DAY_MS;

/** A certificate with its key. */
export interface SimCertified {
  readonly der: Uint8Array;
  readonly certificate: Certificate;
  readonly certId: CertId;
  readonly signer: Signer;
}

/** What one node presents and signs with. */
export interface SimIdentity extends SimCertified {
  readonly name: NodeName;
  readonly nodeId: NodeId;
  readonly serial: SerialNumber;
  /** DER, leaf first, without the root. */
  readonly chain: readonly [Uint8Array, Uint8Array];
  readonly notAfter: UnixMs;
}

export interface CertificateMakerOptions {
  readonly trustDomain: string;
  readonly crypto: CryptoPort;
  readonly random: SeededRandom;
}

/** Writes the certificates of DESIGN section 4: root, issuing CA, node. */
export class CertificateMaker {
  readonly #trustDomain: string;
  readonly #crypto: CryptoPort;
  readonly #random: SeededRandom;

  constructor({ trustDomain, crypto, random }: CertificateMakerOptions) {
    this.#trustDomain = trustDomain;
    this.#crypto = crypto;
    this.#random = random;
  }

  root(signer: Signer, now: UnixMs): SimCertified {
    const name = encodeName({ commonName: `${this.#trustDomain} root` });
    const extensions = [basicConstraintsExtension({ ca: true, pathLen: undefined }), keyUsage('keyCertSign')];
    return this.#certify({ name, signer, now, lifetimeMs: ROOT_LIFETIME_MS, extensions });
  }

  issuing(root: SimCertified, signer: Signer, now: UnixMs): SimCertified {
    const name = encodeName({ commonName: `${this.#trustDomain} issuing` });
    const extensions = [
      basicConstraintsExtension({ ca: true, pathLen: 0 }),
      keyUsage('keyCertSign'),
      nameConstraintsExtension({ permitted: [{ kind: 'uri', value: this.#trustDomain }], excluded: [] }),
    ];
    return this.#certify({ name, signer, now, lifetimeMs: ISSUING_LIFETIME_MS, extensions, issuer: root });
  }

  /** Of a node that has `nodeId` already, or of a new one. */
  node(
    issuer: SimCertified,
    subject: { readonly name: string; readonly nodeId?: NodeId },
    signer: Signer,
    validity: { readonly now: UnixMs; readonly lifetimeMs: number },
  ): SimIdentity {
    const nodeId = subject.nodeId ?? defined(nodeIdOf(this.#random.bytes(16)));
    const name = defined(parseNodeName(subject.name));
    const purposes = [keyPurposes.serverAuth, keyPurposes.clientAuth];
    const spiffe = spiffeUri(this.#trustDomain, 'node', name);
    const made = this.#certify({
      name: encodeName({ commonName: name, serialNumber: nodeId }),
      signer,
      ...validity,
      issuer,
      extensions: [
        keyUsage('digitalSignature'),
        extendedKeyUsageExtension(purposes),
        subjectAltNameExtension([{ kind: 'uri', value: spiffe }]),
      ],
    });
    const { serial, notAfter } = made.certificate;
    return { ...made, name, nodeId, serial: defined(serial), chain: [made.der, issuer.der], notAfter };
  }

  #certify(fields: {
    readonly name: Uint8Array;
    readonly signer: Signer;
    readonly now: UnixMs;
    readonly lifetimeMs: number;
    readonly extensions: readonly Uint8Array[];
    readonly issuer?: SimCertified;
  }): SimCertified {
    const { name, signer, now, lifetimeMs, issuer } = fields;
    const keyId = valueOf(keyIdOf(signer.spki, this.#crypto));
    const by = issuer?.signer ?? signer;
    const tbs = encodeTbsCertificate({
      serialHex: this.#serial(),
      algorithm: by.algorithm,
      issuer: issuer?.certificate.subject ?? name,
      notBefore: unixMs(now - BACKDATE_MS),
      notAfter: unixMs(now + lifetimeMs),
      subject: name,
      spki: signer.spki,
      extensions: [
        subjectKeyIdExtension(keyId),
        ...(issuer === undefined ? [] : [authorityKeyIdExtension(keyIdOfCertificate(issuer))]),
        ...fields.extensions,
      ],
    });
    const der = signObject(tbs, by);
    const certificate = valueOf(parseCertificate(der));
    return { der, certificate, certId: certIdOfCertificate(certificate, this.#crypto), signer };
  }

  /** 16 bytes with the top bits 01: positive and of one length. */
  #serial(): SerialNumber {
    const bytes = this.#random.bytes(16);
    bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
    return defined(serialNumberOf(bytes));
  }
}

export function keyIdOfCertificate({ certificate }: SimCertified): Uint8Array {
  return defined(certificate.extensions.subjectKeyId).value;
}

/** For what the simulator made itself: a refusal is a bug of its own. */
export function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new RangeError(`the simulator made what is refused: ${result.error.code}: ${result.error.detail}`);
}

export function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('undefined where the simulator always has a value');
  return value;
}

function keyUsage(kind: 'keyCertSign' | 'digitalSignature'): Uint8Array {
  const usages: readonly KeyUsage[] = kind === 'keyCertSign' ? ['keyCertSign', 'cRLSign'] : [kind];
  return keyUsageExtension(usages);
}
