import {
  contextConstructed,
  contextPrimitive,
  derContext,
  derSequence,
  type DerReader,
} from '../codec/index.ts';
import { MAX_GENERAL_NAMES, encodeGeneralName, readGeneralNames, type GeneralName } from './general-name.ts';

/** Most points in one extension. */
const MAX_DISTRIBUTION_POINTS = 32;
/** Bits of ReasonFlags. Source: RFC 5280 §4.2.1.13. */
const REASON_FLAGS = 9;

/** Source: RFC 5280 §4.2.1.13. */
export interface DistributionPoint {
  /** fullName; empty when the point is named relative to the issuer or not at all. */
  readonly fullName: readonly GeneralName[];
  /** nameRelativeToCRLIssuer was used (kept only as the fact). */
  readonly relative: boolean;
  /** `reasons` was present: the CRL covers some reasons only. */
  readonly partialReasons: boolean;
  /** cRLIssuer; empty when the certificate's issuer signs the CRL. */
  readonly crlIssuer: readonly GeneralName[];
}

/** Source: RFC 5280 §5.2.5. */
export interface IssuingDistributionPoint {
  readonly fullName: readonly GeneralName[];
  readonly relative: boolean;
  readonly onlyUserCerts: boolean;
  readonly onlyCaCerts: boolean;
  readonly onlySomeReasons: boolean;
  readonly indirect: boolean;
  readonly onlyAttributeCerts: boolean;
}

export function readDistributionPoints(reader: DerReader): readonly DistributionPoint[] {
  return reader.sequenceOf(1, MAX_DISTRIBUTION_POINTS, (point) =>
    point.sequence((body) => ({
      ...readPointName(body),
      partialReasons:
        body.optional(contextPrimitive(1), (r) => r.namedBits(REASON_FLAGS, contextPrimitive(1))) !==
        undefined,
      crlIssuer: body.optional(contextConstructed(2), (r) => r.context(2, readGeneralNames)) ?? [],
    })),
  );
}

export function readIssuingDistributionPoint(reader: DerReader): IssuingDistributionPoint {
  return reader.sequence((body) => ({
    ...readPointName(body),
    onlyUserCerts: body.booleanDefaultFalse(contextPrimitive(1)),
    onlyCaCerts: body.booleanDefaultFalse(contextPrimitive(2)),
    onlySomeReasons:
      body.optional(contextPrimitive(3), (r) => r.namedBits(REASON_FLAGS, contextPrimitive(3))) !== undefined,
    indirect: body.booleanDefaultFalse(contextPrimitive(4)),
    onlyAttributeCerts: body.booleanDefaultFalse(contextPrimitive(5)),
  }));
}

/** CRLDistributionPoints with one point whose fullName holds all the URLs (the same CRL by several ways). */
export function encodeDistributionPoints(urls: readonly string[]): Uint8Array {
  return derSequence(derSequence(encodePointName(urls)));
}

/** An IssuingDistributionPoint that only names where this CRL, in full scope, is published. */
export function encodeIssuingDistributionPoint(urls: readonly string[]): Uint8Array {
  return derSequence(encodePointName(urls));
}

function readPointName(reader: DerReader): { fullName: readonly GeneralName[]; relative: boolean } {
  const name = reader.optional(contextConstructed(0), (point) =>
    point.context(0, (choice) => {
      if (choice.peek() === contextConstructed(0)) {
        return { fullName: choice.context(0, readGeneralNames), relative: false };
      }
      choice.context(1, (rdn) => rdn.list(1, MAX_GENERAL_NAMES, (attribute) => attribute.any()));
      return { fullName: [], relative: true };
    }),
  );
  return name ?? { fullName: [], relative: false };
}

function encodePointName(urls: readonly string[]): Uint8Array {
  return derContext(0, derContext(0, ...urls.map((value) => encodeGeneralName({ kind: 'uri', value }))));
}
