import { concatBytes, toHex, unixMs } from '../../../src/std/index.ts';
import { testCrypto, testKey, type TestKey } from '../crypto.ts';
import { forgeCertificate, type CertificateSpec } from './certificate.ts';
import {
  crlIssuerKeyId,
  crlNumber,
  deltaIndicator,
  forgeCrl,
  type CrlSpec,
  type RevokedSpec,
} from './crl.ts';
import {
  authorityKeyId,
  basicConstraints,
  CLIENT_AUTH,
  dns,
  extendedKeyUsage,
  ip,
  keyUsage,
  nameConstraints,
  SERVER_AUTH,
  subjectAltName,
  subjectKeyId,
  uri,
} from './extensions.ts';
import { distinguishedName } from './signed.ts';

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The moment at which everything forged is valid, unless a test says otherwise. */
export const NOW = unixMs(Date.UTC(2026, 10, 22, 12));
export const TRUST_DOMAIN = 'mesh.internal';
export const NODE_NAME = 'alpha';
export const NODE_ID = '00112233445566778899aabbccddeeff';
export const OPERATOR_PURPOSE = '1.3.6.1.4.1.60000.1.1';

const rootKey = testKey();
const issuingKey = testKey();
const leafKey = testKey();

export const rootName = distinguishedName(['O', 'lifesign'], ['CN', 'root of mesh.internal']);
export const issuingName = distinguishedName(['O', 'lifesign'], ['CN', 'issuing CA of mesh.internal']);

/** 20 bytes, as a CA would choose them. */
export function keyIdOf(key: TestKey): Uint8Array {
  return testCrypto.sha256(key.spki).slice(0, 20);
}

/** A serial of lifesign's form: 16 bytes, top bits 01. */
export function serial(label: string): Uint8Array {
  const bytes = testCrypto.sha256(new TextEncoder().encode(label)).slice(0, 16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes;
}

export const rootSpec: CertificateSpec = {
  version: 3,
  serial: serial('root'),
  issuer: rootName,
  subject: rootName,
  notBefore: NOW - 300 * DAY_MS,
  notAfter: NOW + 3000 * DAY_MS,
  key: rootKey,
  signer: rootKey,
  extensions: {
    basicConstraints: basicConstraints(true),
    keyUsage: keyUsage('keyCertSign', 'cRLSign'),
    subjectKeyId: subjectKeyId(keyIdOf(rootKey)),
  },
};

export const issuingSpec: CertificateSpec = {
  ...rootSpec,
  serial: serial('issuing'),
  subject: issuingName,
  notAfter: NOW + 700 * DAY_MS,
  key: issuingKey,
  extensions: {
    basicConstraints: basicConstraints(true, 0),
    keyUsage: keyUsage('keyCertSign', 'cRLSign'),
    nameConstraints: nameConstraints({
      permitted: [
        uri(TRUST_DOMAIN),
        dns(TRUST_DOMAIN),
        ip(0, 0, 0, 0, 0, 0, 0, 0),
        ip(...Array<number>(32).fill(0)),
      ],
    }),
    subjectKeyId: subjectKeyId(keyIdOf(issuingKey)),
    authorityKeyId: authorityKeyId(keyIdOf(rootKey)),
  },
};

const leafBase = {
  version: 3,
  issuer: issuingName,
  notBefore: NOW - HOUR_MS,
  notAfter: NOW + 7 * DAY_MS,
  key: leafKey,
  signer: issuingKey,
} as const;

const leafExtensions = {
  keyUsage: keyUsage('digitalSignature'),
  subjectKeyId: subjectKeyId(keyIdOf(leafKey)),
  authorityKeyId: authorityKeyId(keyIdOf(issuingKey)),
} as const;

export const nodeSpec: CertificateSpec = {
  ...leafBase,
  serial: serial('node'),
  subject: distinguishedName(['CN', NODE_NAME], ['serialNumber', NODE_ID]),
  extensions: {
    ...leafExtensions,
    extendedKeyUsage: extendedKeyUsage(SERVER_AUTH, CLIENT_AUTH),
    subjectAltName: subjectAltName(
      uri(`spiffe://${TRUST_DOMAIN}/node/${NODE_NAME}`),
      dns(`${NODE_NAME}.${TRUST_DOMAIN}`),
      ip(127, 0, 0, 1),
    ),
  },
};

export const operatorSpec: CertificateSpec = {
  ...leafBase,
  serial: serial('operator'),
  subject: distinguishedName(['CN', 'olga']),
  extensions: {
    ...leafExtensions,
    extendedKeyUsage: extendedKeyUsage(CLIENT_AUTH, OPERATOR_PURPOSE),
    subjectAltName: subjectAltName(uri(`spiffe://${TRUST_DOMAIN}/operator/olga`)),
  },
};

export const serverSpec: CertificateSpec = {
  ...leafBase,
  serial: serial('server'),
  subject: distinguishedName(['CN', 'ca.mesh.internal']),
  extensions: {
    ...leafExtensions,
    extendedKeyUsage: extendedKeyUsage(SERVER_AUTH),
    subjectAltName: subjectAltName(
      dns('ca.mesh.internal'),
      ip(127, 0, 0, 1),
      ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    ),
  },
};

/** A full CRL of the issuing CA. */
export function issuingCrlSpec(
  number: number,
  revoked: readonly RevokedSpec[] = [],
  thisUpdate: number = NOW,
): CrlSpec {
  return {
    issuer: issuingName,
    signer: issuingKey,
    thisUpdate,
    nextUpdate: thisUpdate + 3 * DAY_MS,
    revoked,
    extensions: { keyId: crlIssuerKeyId(keyIdOf(issuingKey)), number: crlNumber(number) },
  };
}

/** A delta CRL of the issuing CA on top of the full CRL `base`. */
export function deltaSpec(number: number, base: number, revoked: readonly RevokedSpec[]): CrlSpec {
  const full = issuingCrlSpec(number, revoked);
  return { ...full, extensions: { ...full.extensions, delta: deltaIndicator(base) } };
}

/** The root's CRL over issuing CAs. */
export function rootCrlSpec(number: number, revoked: readonly RevokedSpec[] = []): CrlSpec {
  return {
    issuer: rootName,
    signer: rootKey,
    thisUpdate: NOW,
    nextUpdate: NOW + 180 * DAY_MS,
    revoked,
    extensions: { keyId: crlIssuerKeyId(keyIdOf(rootKey)), number: crlNumber(number) },
  };
}

export const root = forgeCertificate(rootSpec);
export const issuing = forgeCertificate(issuingSpec);
export const node = forgeCertificate(nodeSpec);

/** Serial of a spec as CRLs and certificates show it. */
export function serialHexOf(spec: CertificateSpec): string {
  return toHex(spec.serial);
}

/** The forged bytes with one byte changed. */
export function flipped(der: Uint8Array, position: number, mask = 0x01): Uint8Array {
  const changed = concatBytes(der);
  changed[position] = (changed[position] ?? 0) ^ mask;
  return changed;
}

export { forgeCertificate, forgeCrl };
