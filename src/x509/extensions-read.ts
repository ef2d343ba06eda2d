import type { DerReader } from '../codec/index.ts';
import { readDistributionPoints, readIssuingDistributionPoint } from './distribution-point.ts';
import {
  readAuthorityKeyId,
  readBasicConstraints,
  readCrlNumber,
  readExtendedKeyUsage,
  readInfoAccess,
  readKeyId,
  readKeyUsage,
  readNameConstraints,
  readReleases,
  readNoCheck,
} from './extension-values.ts';
import type { CertificateExtensions, CrlExtensions, Extension, OpaqueExtension } from './extensions.ts';
import { readGeneralNames, type GeneralName } from './general-name.ts';
import { oids } from './oids.ts';

/** Most extensions of one object. */
export const MAX_EXTENSIONS = 32;

type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** The extension that the reader stands in, after its OID and critical flag. */
interface Open {
  readonly oid: string;
  readonly critical: boolean;
  parsed<V>(read: (reader: DerReader) => V): Extension<V>;
  opaque(): OpaqueExtension;
}

/** The extensions of a certificate without any. */
export const noCertificateExtensions: CertificateExtensions = {
  basicConstraints: undefined,
  keyUsage: undefined,
  extendedKeyUsage: undefined,
  subjectAltName: undefined,
  issuerAltName: undefined,
  nameConstraints: undefined,
  subjectKeyId: undefined,
  authorityKeyId: undefined,
  crlDistributionPoints: undefined,
  freshestCrl: undefined,
  authorityInfoAccess: undefined,
  ocspNoCheck: undefined,
  policy: [],
  unknown: [],
};

export const noCrlExtensions: CrlExtensions = {
  authorityKeyId: undefined,
  issuerAltName: undefined,
  crlNumber: undefined,
  deltaCrlIndicator: undefined,
  issuingDistributionPoint: undefined,
  freshestCrl: undefined,
  releases: undefined,
  unknown: [],
};

/** Reads Extensions of a certificate or an extensionRequest. Errors: LS_X509_DUPLICATE_EXTENSION, LS_X509_EXTENSION. */
export function readCertificateExtensions(reader: DerReader): CertificateExtensions {
  const policy: OpaqueExtension[] = [];
  const unknown: OpaqueExtension[] = [];
  const draft: Draft<CertificateExtensions> = { ...noCertificateExtensions, policy, unknown };
  readEach(reader, (open) => {
    switch (open.oid) {
      case oids.basicConstraints:
        draft.basicConstraints = open.parsed(readBasicConstraints);
        break;
      case oids.keyUsage:
        draft.keyUsage = open.parsed(readKeyUsage);
        break;
      case oids.extendedKeyUsage:
        draft.extendedKeyUsage = open.parsed(readExtendedKeyUsage);
        break;
      case oids.subjectAltName:
        draft.subjectAltName = open.parsed(readAltNames);
        break;
      case oids.issuerAltName:
        draft.issuerAltName = open.parsed(readAltNames);
        break;
      case oids.nameConstraints:
        draft.nameConstraints = open.parsed(readNameConstraints);
        break;
      case oids.subjectKeyIdentifier:
        draft.subjectKeyId = open.parsed(readKeyId);
        break;
      case oids.authorityKeyIdentifier:
        draft.authorityKeyId = open.parsed(readAuthorityKeyId);
        break;
      case oids.crlDistributionPoints:
        draft.crlDistributionPoints = open.parsed(readDistributionPoints);
        break;
      case oids.freshestCrl:
        draft.freshestCrl = open.parsed(readDistributionPoints);
        break;
      case oids.authorityInfoAccess:
        draft.authorityInfoAccess = open.parsed(readInfoAccess);
        break;
      case oids.ocspNoCheck:
        draft.ocspNoCheck = open.parsed(readNoCheck);
        break;
      case oids.certificatePolicies:
      case oids.policyMappings:
      case oids.policyConstraints:
      case oids.inhibitAnyPolicy:
        policy.push(open.opaque());
        break;
      default:
        unknown.push(open.opaque());
    }
  });
  return draft;
}

/** Reads the extensions of a CRL. Errors as for certificates. */
export function readCrlExtensions(reader: DerReader): CrlExtensions {
  const unknown: OpaqueExtension[] = [];
  const draft: Draft<CrlExtensions> = { ...noCrlExtensions, unknown };
  readEach(reader, (open) => {
    switch (open.oid) {
      case oids.authorityKeyIdentifier:
        draft.authorityKeyId = open.parsed(readAuthorityKeyId);
        break;
      case oids.issuerAltName:
        draft.issuerAltName = open.parsed(readAltNames);
        break;
      case oids.crlNumber:
        draft.crlNumber = open.parsed(readCrlNumber);
        break;
      case oids.deltaCrlIndicator:
        draft.deltaCrlIndicator = open.parsed(readCrlNumber);
        break;
      case oids.issuingDistributionPoint:
        draft.issuingDistributionPoint = open.parsed(readIssuingDistributionPoint);
        break;
      case oids.freshestCrl:
        draft.freshestCrl = open.parsed(readDistributionPoints);
        break;
      case oids.lifesignReleases:
        draft.releases = open.parsed(readReleases);
        break;
      default:
        unknown.push(open.opaque());
    }
  });
  return draft;
}

/** Walks `SEQUENCE SIZE (1..MAX) OF Extension`; `take` must consume each. Source: RFC 5280 §4.2. */
export function readEach(reader: DerReader, take: (open: Open) => void): void {
  const seen = new Set<string>();
  reader.sequenceOf(1, MAX_EXTENSIONS, (member) => {
    member.sequence((body) => {
      const oid = body.oid();
      if (seen.has(oid))
        throw body.refusal('LS_X509_DUPLICATE_EXTENSION', `extension ${oid} for the second time`);
      seen.add(oid);
      const critical = body.booleanDefaultFalse();
      take({
        oid,
        critical,
        parsed: (read) => ({ critical, value: body.octetStringOf(read) }),
        opaque: () => ({ oid, critical, der: body.octetString() }),
      });
    });
  });
}

function readAltNames(reader: DerReader): readonly GeneralName[] {
  return reader.sequence(readGeneralNames);
}
